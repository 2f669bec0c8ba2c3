/** What is wrong with a stack file, said so that it can be put right without reading our code. */
import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";

export interface Problem {
  /** Key path as it is written in the stack file, such as `frappe:bench.queues.short.timeout`. */
  readonly path: string;
  /** What was expected, what was got, and the remedy where it is not plain from these. */
  readonly message: string;
}

/** The known word that was probably meant, or nothing where none is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) {
    return undefined;
  }
  const nearest = closest(word.toLowerCase(), [...known]);
  return distance(word.toLowerCase(), nearest.toLowerCase()) <= Math.max(1, Math.floor(nearest.length / 3))
    ? nearest
    : undefined;
}

/** `frappe:a.b[0].c`, with names that are no plain words in quotes. */
export function keyPath(section: string, path: readonly PropertyKey[]): string {
  const steps = path.map((step) =>
    typeof step === "number"
      ? `[${step}]`
      : /^[A-Za-z_][\w-]*$/.test(String(step))
        ? `.${String(step)}`
        : `[${JSON.stringify(String(step))}]`,
  );
  return `frappe:${section}${steps.join("")}`;
}

/** A value as a message may show it: short, on one line, control characters escaped. */
export function show(value: unknown): string {
  if (value === undefined) {
    return "nothing";
  }
  if (typeof value === "number" || typeof value === "bigint") {
    return String(value);
  }
  const text =
    typeof value === "object" && value !== null
      ? Array.isArray(value)
        ? "a list"
        : "an object"
      : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

const secretWord = /passw|secret|token|credential|api_?key|dsn|private/i;

function unknownKeys(issue: z.core.$ZodRawIssue<z.core.$ZodIssueUnrecognizedKeys>): string {
  const shape = (issue.inst as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape ?? {};
  return issue.keys
    .map((key) => {
      const meant = didYouMean(key, Object.keys(shape));
      const remedy = secretWord.test(key)
        ? "; a secret is a flat key of its own, set with `pulumi config set --secret`"
        : meant
          ? `; did you mean ${meant}?`
          : `; known here: ${Object.keys(shape).join(", ")}`;
      return `unknown key ${show(key)}${remedy}`;
    })
    .join("; ");
}

/** Words for what zod finds and the schema has no sentence of its own for. */
export const describeIssue = ((issue: z.core.$ZodRawIssue): string | undefined => {
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKeys(issue);
    case "invalid_type":
      return `expected ${issue.expected === "record" ? "object" : issue.expected}`;
    default:
      return undefined;
  }
}) satisfies z.core.$ZodErrorMap;

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined,
    input,
  );
}

/** One problem for each thing that zod found, the value that was got added where it may be shown. */
export function fromIssue(section: string, input: unknown, issue: z.core.$ZodIssue): Problem {
  const path = keyPath(section, issue.path);
  if (issue.code === "unrecognized_keys") {
    return { path, message: issue.message };
  }
  if (issue.code === "invalid_key") {
    const inner = issue.issues[0]?.message ?? "expected another name";
    return { path, message: `the key itself: ${inner}, got ${show(issue.path.at(-1))}` };
  }
  const got = valueAt(input, issue.path);
  return { path, message: got === undefined ? `missing: ${issue.message}` : `${issue.message}, got ${show(got)}` };
}

/** Every problem of one stack file in one error, ready to be read. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const width = Math.min(48, Math.max(...problems.map(({ path }) => path.length)));
    const lines = problems.map(({ path, message }) => `  ${path.padEnd(width)}  ${message}`);
    super(`${file}: ${problems.length} ${problems.length === 1 ? "problem" : "problems"}\n${lines.join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}
