/**
 * The share of the requests that a canary gets, written on the stack's HTTPRoutes. Nothing in the cluster may write them: whoever follows the
 * release does, and puts back what is declared.
 */
import { ApiException, CustomObjectsApi, type KubernetesObject, setHeaderOptions } from "@kubernetes/client-node";
import { sitesRoute } from "../constants/canary.ts";
import { areShared, leadToSets, type RouteRule, sharedRules } from "../topology/route.ts";
import { clusterMessage, ifThere, OperateError, type Cluster } from "./cluster.ts";
import { isConflict, patiently, type Pace } from "./patience.ts";
import { refusal } from "./refusal.ts";

/** Who wrote, for whoever reads the routes' managed fields. */
const fieldManager = "frappe-canary";

const routeKind = { group: "gateway.networking.k8s.io", version: "v1", plural: "httproutes" } as const;

interface Route extends KubernetesObject {
  readonly spec?: { readonly rules?: readonly Partial<RouteRule>[] };
}

const rulesOf = ({ spec }: Route) => spec?.rules ?? [];
const nameOf = ({ metadata }: Route): string => metadata?.name ?? "";

const apiOf = ({ kubeconfig }: Cluster) => kubeconfig.makeApiClient(CustomObjectsApi);

/** The routes that lead to the sites; none where the cluster knows no Gateway. */
async function routesOf(cluster: Cluster, pace: Pace, signal?: AbortSignal): Promise<readonly Route[]> {
  const { namespace } = cluster;
  const list = () => ifThere(apiOf(cluster).listNamespacedCustomObject({ ...routeKind, namespace }));
  const found = (await patiently(list, pace, signal)) as { readonly items?: readonly Route[] } | undefined;
  return (found?.items ?? []).filter((route) => nameOf(route).startsWith(sitesRoute));
}

/** @throws a conflict, where the route has changed since it was read. */
async function write(cluster: Cluster, route: Route, rules: readonly RouteRule[], pace: Pace, signal?: AbortSignal) {
  const { resourceVersion } = route.metadata ?? {};
  const body = { metadata: { resourceVersion }, spec: { rules } };
  const request = { ...routeKind, namespace: cluster.namespace, name: nameOf(route), body, fieldManager };
  const options = setHeaderOptions("Content-Type", "application/merge-patch+json");
  await patiently(() => apiOf(cluster).patchNamespacedCustomObject(request, options), pace, signal);
}

const text = (rules: readonly Partial<RouteRule>[]): string =>
  JSON.stringify(
    rules.map(({ matches, backendRefs }) => [
      matches?.map(({ path }) => path.value),
      backendRefs?.map(({ name, port, weight }) => [name, port, weight]),
    ]),
  );

/** Times that a route is read again which somebody else has changed meanwhile. */
const tries = 5;

/** Reads the routes and has them changed; anew where somebody else has written one meanwhile. */
async function onRoutes<Of>(
  change: (routes: readonly Route[]) => Promise<Of>,
  read: () => Promise<readonly Route[]>,
): Promise<Of> {
  for (let tried = 1; ; tried++) {
    try {
      return await change(await read());
    } catch (error) {
      if (!isConflict(error) || tried >= tries) throw error;
    }
  }
}

/**
 * Has every route give the canary of `release` this share, in percent; 0: as the stack declares them.
 * @throws OperateError where a route leads elsewhere than to the bench: somebody wanted that.
 */
async function setShare(cluster: Cluster, release: string, weight: number, pace: Pace) {
  const rules = sharedRules(release, weight);
  const change = async (routes: readonly Route[]) => {
    const foreign = routes.find((route) => !leadToSets(rulesOf(route)));
    if (foreign !== undefined) {
      throw new OperateError(
        `expected the HTTPRoute ${nameOf(foreign)} to lead to the bench, as the stack declares it, got rules of somebody else; put it right (\`pulumi refresh\`, then \`pulumi up\`)`,
      );
    }
    for (const route of routes.filter((each) => text(rulesOf(each)) !== text(rules))) {
      await write(cluster, route, rules, pace);
    }
  };
  await onRoutes(change, () => routesOf(cluster, pace));
}

/**
 * Takes back the share that a canary was left with, whose follower was killed. Who may not list the routes goes on: a share was never
 * written with such rights.
 */
export async function takeBackShares(
  cluster: Cluster,
  pace: Pace,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const read = async () => {
    try {
      return await routesOf(cluster, pace, signal);
    } catch (error) {
      if (!(error instanceof ApiException) || error.code !== 403) throw error;
      say(`did not look whether a canary was left with a share of the requests: ${clusterMessage(error)}`);
      return [];
    }
  };
  const change = async (routes: readonly Route[]) => {
    for (const route of routes.filter((each) => areShared(rulesOf(each)) && leadToSets(rulesOf(each)))) {
      await write(cluster, route, sharedRules("", 0), pace, signal);
      say(`took back the share that an earlier canary was left with: ${nameOf(route)}`);
    }
  };
  await onRoutes(change, read);
}

export interface Shares {
  /** Asks for a share; what is asked for meanwhile follows, and what is outdated by then is left out. */
  readonly want: (weight: number) => void;
  /**
   * Puts back what is declared.
   * @throws OperateError with what stands, where that cannot be done.
   */
  readonly end: () => Promise<void>;
}

export function shares(cluster: Cluster, release: string, pace: Pace, say: (line: string) => void): Shares {
  let wanted = 0;
  let written = 0;
  let broken: Error | undefined;
  let over = false;
  let work: Promise<void> | undefined;
  const isDone = () => wanted === written || broken !== undefined;
  const go = async () => {
    while (!isDone()) {
      const weight = wanted;
      try {
        await setShare(cluster, release, weight, pace);
        say(weight === 0 ? "every request goes where it is declared to go" : `the routes give the canary ${weight} %`);
        written = weight;
      } catch (error) {
        // The Job sees that the share is not in force, and takes the release back.
        const told = refusal(error);
        if (weight === 0 || told === undefined) broken = error as Error;
        else say(`the routes could not give the canary ${weight} %: ${told}`);
        // A part of the routes may have been written.
        written = NaN;
        if (wanted === weight) break;
      }
    }
  };
  // The slot is cleared from outside: what ends before it waits for anything would else be kept as the work that goes on.
  const start = (): Promise<void> => (work ??= go().finally(() => (work = undefined)));
  return {
    want: (weight) => {
      if (over) return;
      wanted = weight;
      if (!isDone()) void start();
    },
    end: async () => {
      over = true;
      wanted = 0;
      // What is under way may end at a share that could not be written, without having seen that none is wanted.
      while (work !== undefined || !isDone()) await start();
      if (broken === undefined) return;
      const told = refusal(broken);
      if (told === undefined) throw broken;
      throw new OperateError(
        `the canary ${release} may still have a share of the requests, which its nginx sends on to the set that stands once it is taken back: ${told}; the next \`pulumi up\` puts the routes back`,
      );
    },
  };
}
