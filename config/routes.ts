/** Which paths of which domains lead to a service beside the bench. */
import type { ServicesConfig } from "./stack.ts";

export interface ActiveRoute {
  readonly service: string;
  readonly path: string;
  /** Whether the service sees the rest of the path only. */
  readonly stripPath: boolean;
}

/** Domains that have the same routes, in declared order. */
export interface RouteSet {
  readonly hosts: readonly string[];
  readonly routes: readonly ActiveRoute[];
}

/** Every active domain in the one set of those that are routed like it: a thousand alike are one set. */
export function routeSets(hosts: readonly string[], services: ServicesConfig): RouteSet[] {
  const routes = Object.entries(services).flatMap(([service, { routes: declared }]) =>
    declared.map((route) => ({ service, ...route })),
  );
  const keyOf = (some: typeof routes) => some.map((route) => routes.indexOf(route)).join();
  const everywhere = routes.filter((route) => route.hosts === undefined);
  const named = new Set(routes.flatMap((route) => route.hosts ?? []));
  const common = keyOf(everywhere);
  const sets = new Map<string, { hosts: string[]; routes: typeof routes }>();
  for (const host of hosts) {
    const leading = named.has(host) ? routes.filter((route) => route.hosts?.includes(host) ?? true) : everywhere;
    const key = named.has(host) ? keyOf(leading) : common;
    const set = sets.get(key) ?? { hosts: [], routes: leading };
    set.hosts.push(host);
    sets.set(key, set);
  }
  return [...sets.values()];
}
