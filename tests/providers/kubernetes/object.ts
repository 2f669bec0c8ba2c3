/** Kubernetes objects as the engine has them (inputs, outputs) and as the cluster does. */
import { at, isObject, isSecret, plain, secret, type Properties, type Value } from "../../../engine/offline/value.ts";

export interface Metadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
}

export const metadataOf = (object: Properties): Metadata => {
  const metadata = plain(object["metadata"]);
  return isObject(metadata) ? metadata : {};
};

export const annotation = (object: Properties, name: string): string | undefined =>
  metadataOf(object).annotations?.[`pulumi.com/${name}`];

/** Keys of the state that are no part of the object. */
const fieldManagerKey = "__fieldManager";
export const fieldManagerOf = (outputs: Properties): string | undefined => {
  const name = outputs[fieldManagerKey];
  return typeof name === "string" ? name : undefined;
};

/** The object that inputs describe, without marks of secrecy. */
export const objectOf = (inputs: Properties): Properties =>
  Object.fromEntries(Object.entries(plain(inputs) as Properties).filter(([key]) => !key.startsWith("__")));

/** Marks what stands where `marked` has a secret; a mark on a list or object covers all of it. */
function remark(value: Value, marked: Value | undefined): Value {
  if (marked === undefined) return value;
  if (isSecret(marked)) return secret(value);
  if (Array.isArray(value) && Array.isArray(marked)) return value.map((item, i) => remark(item, marked[i]));
  if (isObject(value) && isObject(marked)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, remark(item, marked[key])]));
  }
  return value;
}

/** What holds of each Secret, whatever the program has marked. */
function sealed(live: Properties): Properties {
  if (live["kind"] !== "Secret" || live["apiVersion"] !== "v1") return live;
  const keys = ["data", "stringData"].filter((key) => live[key] !== undefined);
  return { ...live, ...Object.fromEntries(keys.map((key) => [key, secret(live[key] ?? null)])) };
}

/** The state of an object. Who owns which field is the API server's own bookkeeping, and half of the object's size. */
export function outputsOf(live: Properties, inputs: Properties, fieldManager: string): Properties {
  const { managedFields: _, ...metadata } = (live["metadata"] ?? {}) as Properties;
  const marked = remark({ ...live, metadata }, inputs) as Properties;
  return { ...sealed(marked), [fieldManagerKey]: fieldManager };
}

/** `value` as far as `shape` goes: what others have added to an object is none of ours. Lists keep what was added to them. */
function within(value: Value | undefined, shape: Value): Value | undefined {
  const inner = isObject(shape) && isSecret(shape) ? (shape["value"] ?? null) : shape;
  if (value === undefined) return undefined;
  if (isObject(value) && isObject(inner)) {
    const kept = Object.entries(inner).flatMap(([key, item]) => {
      const found = within(value[key], item);
      return found === undefined ? [] : [[key, found] as const];
    });
    return Object.fromEntries(kept);
  }
  if (Array.isArray(value) && Array.isArray(inner)) {
    return value.map((item, i) => (i < inner.length ? (within(item, inner[i] ?? null) ?? item) : item));
  }
  return value;
}

/** A Secret's `stringData` is never read back: it is written into `data`. */
function withStringData(live: Properties, inputs: Properties): Properties {
  const keys = plain(inputs["stringData"]);
  if (!isObject(keys)) return live;
  const entries = Object.keys(keys).flatMap((key) => {
    const value = at(live, ["data", key]);
    return typeof value === "string" ? [[key, Buffer.from(value, "base64").toString()] as const] : [];
  });
  return { ...live, stringData: Object.fromEntries(entries) };
}

/** Inputs as the cluster has them now: the fields that were applied, with the values that they have. */
export function liveInputs(live: Properties, inputs: Properties): Properties {
  return remark(within(withStringData(live, inputs), inputs) ?? {}, inputs) as Properties;
}
