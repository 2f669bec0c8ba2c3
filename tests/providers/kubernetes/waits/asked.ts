/** `pulumi.com/waitFor`: what a program itself asks to wait for. */
import { at, type Properties, type Value } from "../../../../engine/offline/value.ts";
import { condition, type Check, type Waiting } from "../readiness.ts";

type Demand = (live: Properties) => Waiting | undefined;

/** `{.status.list[0]['a.b']}` → its keys. Filters and wildcards are the official provider's. */
function keysOf(path: string): string[] {
  const inner = path.replace(/^\{(.*)\}$/, "$1").replace(/^\$/, "");
  const step = /\.([\w-]+)|\[(\d+)\]|\[['"]([^'"]+)['"]\]/y;
  const keys: string[] = [];
  while (step.lastIndex < inner.length) {
    const match = step.exec(inner);
    if (match === null) {
      throw new Error(`pulumi.com/waitFor: ${path} is more than this provider follows: keys and indices only`);
    }
    keys.push(match[1] ?? match[2] ?? match[3] ?? "");
  }
  return keys;
}

function valueAt(live: Properties, keys: readonly string[]): Value | undefined {
  return keys.reduce<Value | undefined>(
    (value, key) => (Array.isArray(value) ? value[Number(key)] : at(value, [key])),
    live,
  );
}

const text = (value: Value | undefined) => (typeof value === "string" ? value : JSON.stringify(value));

function demand(line: string): Demand {
  const [, form, rest] = /^(condition|jsonpath)=(.*)$/s.exec(line) ?? [];
  if (form === "condition" && rest !== undefined) {
    const [type = "", status = "True"] = rest.split("=");
    return (live) => {
      const found = condition(live, type);
      if (found?.status?.toLowerCase() === status.toLowerCase()) return undefined;
      const said =
        found === undefined ? "is not there" : `is ${found.status}: ${found.reason ?? ""}: ${found.message ?? ""}`;
      return { seen: `condition ${type} to be ${status}; it ${said}` };
    };
  }
  const [, path, wanted] = /^(\{[^}]*\}|[^=]+)(?:=(.*))?$/s.exec(rest ?? "") ?? [];
  if (form !== "jsonpath" || path === undefined) {
    throw new Error(`pulumi.com/waitFor: ${line} is neither condition=… nor jsonpath=…`);
  }
  const keys = keysOf(path);
  return (live) => {
    const value = valueAt(live, keys);
    if (wanted === undefined ? value !== undefined : text(value) === wanted) return undefined;
    return {
      seen: `${path}${wanted === undefined ? "" : ` to be ${wanted}`}; it is ${value === undefined ? "not there" : text(value)}`,
    };
  };
}

/**
 * Ready when every one of its demands is met.
 * @param annotation One demand, or a JSON list of them.
 * @throws Error where a demand cannot be understood.
 */
export function asked(annotation: string): Check {
  const lines = annotation.trimStart().startsWith("[") ? (JSON.parse(annotation) as string[]) : [annotation];
  const demands = lines.map(demand);
  return (live) => demands.map((unmet) => unmet(live)).find((waiting) => waiting !== undefined);
}
