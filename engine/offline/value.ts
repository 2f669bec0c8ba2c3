/** Property values as they travel between engine and provider: plain JSON, with marks for what is secret or not known yet. */

/** Mark of the engine's wire format (sdk/nodejs/runtime/rpc.ts): whatever has this key is no plain object. */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** An unknown string. Previews cannot know what a provider would answer. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Properties = Record<string, Value>;

export const isObject = (value: Value | undefined): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isSecret = (value: Value | undefined): boolean =>
  isObject(value) && value[signatureKey] === secretSignature;

export const secret = (value: Value): Value => ({ [signatureKey]: secretSignature, value });

/** The value without its marks of secrecy, at every depth: for comparing, never for showing. */
export function plain(value: Value | undefined): Value | undefined {
  if (Array.isArray(value)) {
    return value.map((item) => plain(item) ?? null);
  }
  if (!isObject(value)) {
    return value;
  }
  if (isSecret(value)) {
    return plain(value["value"]);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item) ?? null]));
}

/** Whether two values without marks are the same. */
export function same(a: Value | undefined, b: Value | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => same(item, b[i]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => same(a[key], b[key]));
  }
  return a === b;
}

/** The value at a path of keys; undefined where there is none. */
export const at = (value: Value | undefined, path: readonly string[]): Value | undefined =>
  path.reduce<Value | undefined>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
