/** What a hostile case is: a committed stack file, one thing wrong in it, and the answer that is due. */
import type { StackName } from "../../support/stacks.ts";

export interface HostileCase {
  readonly name: string;
  /** The committed stack that is right but for `set`. */
  readonly stack: StackName;
  /** Values by where they stand, `sites[0].name`; `gone` takes one away. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Secret keys that the file has beside its own, and those of its own that it lacks. */
  readonly secrets?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  /** Key path of the problem that is due, whole. */
  readonly path: string;
  /** Words of its message. */
  readonly says: string;
}

export const gone = Symbol("gone");

/** Cases that put each of `values` (by what is wrong with it) at one place, and find the problem there. */
export const field = (
  at: string,
  says: string,
  values: Readonly<Record<string, unknown>>,
  stack: StackName = "prod",
): HostileCase[] =>
  Object.entries(values).map(([wrong, value]) => ({
    name: `${at}: ${wrong}`,
    stack,
    set: { [at]: value },
    path: `frappe:${at}`,
    says,
  }));

/** A case whose problem is found elsewhere than it was put. */
export const found = (
  name: string,
  set: HostileCase["set"],
  path: string,
  says: string,
  stack: StackName = "prod",
): HostileCase => ({ name, stack, set, path: `frappe:${path}`, says });

type Container = Record<PropertyKey, unknown>;

/** `a.b[0]["c.d"]` → its steps. */
export const stepsOf = (at: string): PropertyKey[] =>
  [...at.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, plain]) =>
    quoted !== undefined ? (JSON.parse(`"${quoted}"`) as string) : index !== undefined ? Number(index) : (plain ?? ""),
  );

/** Puts `value` at a place, making the objects and lists on the way. */
export function put(values: object, at: string, value: unknown): void {
  const steps = stepsOf(at);
  const last = steps.at(-1) ?? "";
  const parent = steps.slice(0, -1).reduce<Container>((container, step, i) => {
    container[step] ??= typeof steps[i + 1] === "number" ? [] : {};
    return container[step] as Container;
  }, values as Container);
  if (value === gone) {
    Reflect.deleteProperty(parent, last);
  } else {
    // As JSON and YAML do: a key called __proto__ is a key.
    Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
  }
}
