/** Stack files: finding the one that is meant, and a copy of it that can be previewed by anybody. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import { parse, stringify } from "yaml";
import { placeholder } from "./placeholder.ts";

export interface StackFile {
  /** Pulumi's name of the stack. */
  readonly stack: string;
  readonly path: string;
}

/** A stack file that is not there, or not readable. */
export class StackFileError extends Error {}

export class UnknownStackError extends StackFileError {}

const fileName = /^Pulumi\.([A-Za-z0-9_.-]+)\.yaml$/;

/** Names of the stacks whose files lie in `folder`. */
export const stacksIn = (folder: string): string[] =>
  readdirSync(folder)
    .flatMap((file) => fileName.exec(file)?.slice(1, 2) ?? [])
    .sort();

/**
 * @param wanted A stack's name, or the path of a stack file.
 * @throws UnknownStackError that lists the stacks there are.
 */
export function findStackFile(wanted: string, folder: string): StackFile {
  const asPath = isAbsolute(wanted) ? wanted : join(folder, wanted);
  const named = fileName.exec(basename(wanted))?.[1];
  if (named !== undefined && existsSync(asPath)) {
    return { stack: named, path: asPath };
  }
  const known = stacksIn(folder);
  if (known.includes(wanted)) {
    return { stack: wanted, path: join(folder, `Pulumi.${wanted}.yaml`) };
  }
  const nearest = known.length > 0 ? closest(wanted, known) : undefined;
  const meant = nearest !== undefined && distance(wanted, nearest) <= 3 ? `; did you mean ${nearest}?` : "";
  throw new UnknownStackError(
    `no stack file for ${JSON.stringify(wanted)}${meant}\n  expected one of ${known.join(", ")}, or the path of a Pulumi.<stack>.yaml`,
  );
}

/** Pulumi takes an object of this one key for an encrypted value, however deep it lies. */
const isSecure = (value: object): boolean => Object.keys(value).join() === "secure";

function withPlaceholders(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(withPlaceholders);
  }
  return isSecure(value)
    ? { secure: placeholder.sealed }
    : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withPlaceholders(inner)]));
}

function readStackFile(path: string): { readonly config?: Readonly<Record<string, unknown>> | null } | null {
  try {
    return parse(readFileSync(path, "utf8")) as ReturnType<typeof readStackFile>;
  } catch (error) {
    throw new StackFileError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What a stack file says under the project's name: plain values, and the keys whose values are encrypted. */
export function stackFileValues(path: string, project: string) {
  const own = Object.entries(readStackFile(path)?.config ?? {})
    .filter(([key]) => key.startsWith(`${project}:`))
    .map(([key, value]) => [key.slice(project.length + 1), value] as const);
  const isSecret = (value: unknown) => typeof value === "object" && value !== null && isSecure(value);
  return {
    values: Object.fromEntries(own.filter(([, value]) => !isSecret(value))),
    secrets: new Set(own.filter(([, value]) => isSecret(value)).map(([key]) => key)),
  };
}

/** The stack file's text with its secrets replaced by one that this machine can decrypt, and everything else as it was. */
export function previewableCopy(path: string): string {
  const config = withPlaceholders(readStackFile(path)?.config ?? {});
  return stringify({ encryptionsalt: placeholder.salt, config });
}
