/** What no section may be, whatever its schema says: looked for first, so that the schemas may take their input as it is. */
import { keyPath, type Problem } from "./problems.ts";

/** Far above any stack file that fits its limits (2,000 sites of 20 domains each), and far below what exhausts a parser's stack. */
const most = { entries: 100_000, together: 2_000, depth: 20 } as const;

type Path = readonly PropertyKey[];

const children = (value: object): (readonly [PropertyKey, unknown])[] =>
  Array.isArray(value) ? Array.from(value, (item: unknown, i) => [i, item] as const) : Object.entries(value);

/** Problems of a value that is too large or nested too deeply to be read, or that holds a key which JavaScript takes for its own. */
export function refusedShape(section: string, input: unknown): Problem[] {
  const problems: Problem[] = [];
  const waiting: { path: Path; value: unknown }[] = [{ path: [], value: input }];
  for (let next = waiting.pop(), entries = 0; next !== undefined; next = waiting.pop()) {
    const { path, value } = next;
    if (typeof value !== "object" || value === null) {
      continue;
    }
    const inside = children(value);
    entries += inside.length;
    if (entries > most.entries || inside.length > most.together || path.length > most.depth) {
      const message = `expected at most ${most.together} entries in one list, ${most.entries} in all, nested at most ${most.depth} deep`;
      return [{ path: keyPath(section, path.slice(0, 4)), message }];
    }
    if (Object.hasOwn(value, "__proto__")) {
      problems.push({
        path: keyPath(section, [...path, "__proto__"]),
        message: "unknown key; expected a name of another form",
      });
    }
    for (const [step, child] of inside) {
      waiting.push({ path: [...path, step], value: child });
    }
  }
  return problems;
}
