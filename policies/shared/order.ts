/** What must stand before a resource is made: what it depends on, and what that depends on in turn. */
import type { Resource } from "./rule.ts";

/** Tells whether `later` waits for `earlier`, however many are between them. */
export type WaitsFor = (later: Resource, earlier: Resource) => boolean;

export function orderOf(resources: readonly Resource[]): WaitsFor {
  const direct = new Map(resources.map(({ urn, dependsOn }) => [urn, dependsOn]));
  const known = new Map<string, ReadonlySet<string>>();
  function before(urn: string): ReadonlySet<string> {
    const found = known.get(urn);
    if (found !== undefined) {
      return found;
    }
    const all = new Set(direct.get(urn));
    // A set grows while it is walked, so this goes all the way back.
    for (const one of all) direct.get(one)?.forEach((earlier) => all.add(earlier));
    known.set(urn, all);
    return all;
  }
  return (later, earlier) => before(later.urn).has(earlier.urn);
}
