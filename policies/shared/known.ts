/**
 * Properties as plain data. In a preview the SDK throws at whoever touches a value that is not known yet, and turns the whole rule
 * into a note: a gate that opens. Here such a value becomes a symbol, which each rule has to say something about.
 */
import { UnknownValueError } from "@pulumi/policy";

/** In place of a value that only the update will know. */
export const notKnown = Symbol("not known in a preview");

export type Fields = Readonly<Record<string, unknown>>;

function touch(holder: Record<string, unknown>, key: string): unknown {
  try {
    return holder[key];
  } catch (error) {
    if (error instanceof UnknownValueError) {
      return notKnown;
    }
    throw error;
  }
}

/** A copy of what a rule is given, all of it safe to read. */
export function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const holder = value as Record<string, unknown>;
  const entries = Object.keys(holder).map((key) => [key, plain(touch(holder, key))] as const);
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value's own fields; none where it has none. */
export const fields = (value: unknown): Fields => (isFields(value) ? value : {});

/** The value's items; none where it is no list. */
export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** The value at a path; `notKnown` where any part of the way is. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (here === notKnown) {
      return notKnown;
    }
    here = fields(here)[key];
  }
  return here;
}

export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** A value as a message may show it: for names and enumerations only, never for what could be secret. */
export const shown = (value: unknown): string => {
  if (value === notKnown) {
    return "not known in a preview";
  }
  return value === undefined ? "missing" : (JSON.stringify(value) ?? "missing");
};
