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

/** What does not show, breaks the line or turns its direction. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Text in quotes, short and on one line, all that does not show written out. */
function quoted(text: string): string {
  const short = text.length > 58 ? `${text.slice(0, 56)}…` : text;
  return JSON.stringify(short).replace(unseen, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`);
}

const plainName = /^[A-Za-z_][\w-]{0,62}$/;
const sectionPath = (section: string) => `frappe:${plainName.test(section) ? section : quoted(section)}`;

/** `frappe:a.b[0].c`, with names that are no plain words in quotes. */
export function keyPath(section: string, path: readonly PropertyKey[] = []): string {
  const steps = path.map((step) => {
    const name = String(step);
    return typeof step === "number" ? `[${step}]` : plainName.test(name) ? `.${name}` : `[${quoted(name)}]`;
  });
  return `${sectionPath(section)}${steps.join("")}`;
}

/** Without what may be a password in an address or a key in a file: messages end up in logs. */
function withoutSecrets(text: string): string {
  const at = text.lastIndexOf("@");
  return text.lastIndexOf(":", at) >= 0 && at > 0 ? `…${text.slice(at)}` : text;
}

/** A value as a message may show it: short, on one line, control characters escaped. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "nothing";
    case "string":
      return value.includes("-----BEGIN") ? "a PEM file" : quoted(withoutSecrets(value));
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "a list" : "an object";
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    default:
      return String(value);
  }
}

const secretWord = /passw|secret|token|credential|api_?key|dsn|private/i;

/** What to do about a key that is not known, beside those that are. */
export function unknownKey(key: string, known: readonly string[]): string {
  if (secretWord.test(key)) {
    return "unknown key; a secret is a flat key of its own, set with `pulumi config set --secret`";
  }
  const meant = didYouMean(key, known);
  return meant ? `unknown key; did you mean ${meant}?` : `unknown key; known here: ${known.join(", ")}`;
}

/** One line for each key, in the order of `keys`: zod has one issue for all keys of an object, and we a problem for each. */
function unknownKeys({ keys, inst }: z.core.$ZodRawIssue<z.core.$ZodIssueUnrecognizedKeys>): string {
  const shape = (inst as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape ?? {};
  return keys.map((key) => unknownKey(key, Object.keys(shape))).join("\n");
}

const typeNames: Readonly<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "a list",
  boolean: "true or false",
};

/** Words for what zod finds and the schema has no sentence of its own for. */
export const describeIssue = ((issue: z.core.$ZodRawIssue): string | undefined => {
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownKeys(issue);
    case "invalid_type":
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
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

/** A problem for each thing that zod found, the value that was got added where it may be shown. */
export function fromIssue(section: string, input: unknown, issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const messages = issue.message.split("\n");
    return issue.keys.map((key, i) => ({
      path: keyPath(section, [...issue.path, key]),
      message: messages[i] ?? "unknown key",
    }));
  }
  const path = keyPath(section, issue.path);
  if (issue.code === "invalid_key") {
    const inner = issue.issues[0]?.message ?? "expected another name";
    return [{ path, message: `the key itself: ${inner}, got ${show(issue.path.at(-1))}` }];
  }
  const got = valueAt(input, issue.path);
  return [{ path, message: got === undefined ? `missing: ${issue.message}` : `${issue.message}, got ${show(got)}` }];
}

/** Lines of one message; a file with more problems is wrong in another way than its lines. */
const shownProblems = 200;

/** Every problem of one stack file in one error, ready to be read. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const shown = problems.slice(0, shownProblems);
    const width = Math.min(48, Math.max(...shown.map(({ path }) => path.length)));
    const lines = shown.map(({ path, message }) => `  ${path.padEnd(width)}  ${message}`);
    const rest = problems.length > shown.length ? [`  … and ${problems.length - shown.length} more`] : [];
    const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
    super([`${file}: ${count}`, ...lines, ...rest].join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}
