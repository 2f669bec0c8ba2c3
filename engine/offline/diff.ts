/** What changed between two sets of inputs, as the engine wants it told: by path, with its kind. */
import { isObject, same, type Value } from "./value.ts";

export type Kind = "add" | "delete" | "update";

export interface Change {
  /** `spec.template.containers[0].image`, as Pulumi writes property paths. */
  readonly path: string;
  /** The same path by its keys, list indices left out. */
  readonly keys: readonly string[];
  readonly kind: Kind;
}

const step = (path: string, key: string) =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? (path === "" ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`;

/** Every leaf that differs. Both sides without marks of secrecy. */
export function changes(
  before: Value | undefined,
  after: Value | undefined,
  path = "",
  keys: readonly string[] = [],
): Change[] {
  if (same(before, after)) {
    return [];
  }
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      changes(before[key], after[key], step(path, key), [...keys, key]),
    );
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) =>
      changes(before[i], after[i], `${path}[${i}]`, keys),
    ).flat();
  }
  const kind = before === undefined ? "add" : after === undefined ? "delete" : "update";
  return [{ path, keys, kind }];
}
