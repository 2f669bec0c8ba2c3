/** Where a Gateway's routes lead: to the set that stands, and, while a canary is tried, with a share of the requests to that one. */
import { ports } from "../constants/ports.ts";
import { names, releaseServiceName } from "./names.ts";

/** What sends a request on; the API's own words. */
export interface RouteRule<Name = string> {
  readonly matches: readonly { readonly path: { readonly type: "PathPrefix"; readonly value: string } }[];
  readonly backendRefs: readonly {
    readonly group: "";
    readonly kind: "Service";
    readonly name: Name;
    readonly port: number;
    readonly weight: number;
  }[];
}

export const everyPath: RouteRule["matches"] = [{ path: { type: "PathPrefix", value: "/" } }];
const realtimePath: RouteRule["matches"] = [{ path: { type: "PathPrefix", value: "/socket.io" } }];

const backend = <Name>(name: Name, weight: number) => ({
  group: "" as const,
  kind: "Service" as const,
  name,
  port: ports.nginx,
  weight,
});

/** As the stack declares them. @param service that requests go to. */
export const declaredRules = <Name>(service: Name): readonly RouteRule<Name>[] => [
  { matches: everyPath, backendRefs: [backend(service, 1)] },
];

/** Service of a release's own nginx. */
const canaryOf = (release: string): string => releaseServiceName("nginx", release);

/**
 * While a canary has its share. A realtime client starts with several requests that have to meet one server, and a weight is drawn for
 * each: it stays with the set that stands.
 * @param weight of the canary, in percent; 0: as declared.
 */
export const sharedRules = (release: string, weight: number): readonly RouteRule[] =>
  weight === 0
    ? declaredRules(names.nginx)
    : [
        { matches: realtimePath, backendRefs: [backend(names.nginx, 1)] },
        { matches: everyPath, backendRefs: [backend(names.nginx, 100 - weight), backend(canaryOf(release), weight)] },
      ];

/** Whether rules lead to sets of the bench and nowhere else: as declared, or with the share of some canary. */
export function leadToSets(rules: readonly Partial<RouteRule>[]): boolean {
  const isSet = (name: string) => name === names.nginx || /^nginx-[0-9a-f]{10}$/.test(name);
  return rules.every(
    ({ backendRefs }) =>
      backendRefs !== undefined && backendRefs.length > 0 && backendRefs.every(({ name }) => isSet(name)),
  );
}

/** Whether some canary has a share. */
export const areShared = (rules: readonly Partial<RouteRule>[]): boolean =>
  rules.some(({ backendRefs = [] }) => backendRefs.some(({ name }) => name !== names.nginx));
