/** Whether a change of inputs comes to a change of the object, by the API server's own defaults. */
import { at, isObject, isSecret, same, unknown, type Properties, type Value } from "../../../engine/offline/value.ts";

/** What the API server writes into every object by itself. */
const itsOwn = ["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"];

function compared(live: Properties): Properties {
  const { status: _, metadata, ...rest } = live;
  const kept = Object.entries((metadata ?? {}) as Properties).filter(([key]) => !itsOwn.includes(key));
  return { ...rest, metadata: Object.fromEntries(kept) };
}

export const isSameObject = (live: Properties, applied: Properties): boolean => same(compared(live), compared(applied));

/** Whether anything in it is not known yet. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (!isObject(value)) return false;
  return isSecret(value) ? hasUnknown(at(value, ["value"])) : Object.values(value).some(hasUnknown);
}
