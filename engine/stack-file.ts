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

export class UnknownStackError extends Error {}

const fileName = /^Pulumi\.([A-Za-z0-9_.-]+)\.yaml$/;

/** Names of the stacks whose files lie in `folder`. */
export const stacksIn = (folder: string): string[] =>
  readdirSync(folder).flatMap((file) => fileName.exec(file)?.slice(1, 2) ?? []).sort();

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

const isSecure = (value: unknown): boolean => typeof value === "object" && value !== null && "secure" in value;

/** The stack file's text with its secrets replaced by one that this machine can decrypt, and everything else as it was. */
export function previewableCopy(path: string): string {
  const file = parse(readFileSync(path, "utf8")) as { config?: Record<string, unknown> } | null;
  const config = Object.fromEntries(
    Object.entries(file?.config ?? {}).map(([key, value]) => [key, isSecure(value) ? { secure: placeholder.sealed } : value]),
  );
  return stringify({ encryptionsalt: placeholder.salt, config });
}
