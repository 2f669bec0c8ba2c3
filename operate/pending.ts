/** What became of the creates that a killed engine had begun: the cluster knows it of its objects, and nobody of anything else. */
import type { KubernetesObject, KubernetesObjectApi } from "@kubernetes/client-node";
import { ifThere, OperateError } from "./cluster.ts";
import {
  isCurrent,
  nameOf,
  pendingIn,
  resourcesOf,
  type Operation,
  type Orphan,
  type State,
  type StateResource,
} from "./state.ts";

/** One pending operation, and what is to be done about it. */
export interface Finding {
  readonly verdict: "taken" | "surplus" | "cleared" | "known" | "left" | "pending";
  /** `Deployment web` */
  readonly what: string;
  readonly why: string;
  readonly operation: Operation;
  readonly orphan?: Orphan;
}

interface Inputs {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: {
    readonly name?: unknown;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** `Deployment web` of a URN: as the program names it. */
const called = ({ type, urn }: StateResource): string => `${type.split(":").at(-1)} ${nameOf(urn)}`;

/** The object that inputs speak of, or undefined where there is none. */
async function objectOf(api: KubernetesObjectApi, resource: StateResource): Promise<KubernetesObject | undefined> {
  const { apiVersion, kind, metadata } = (resource.inputs ?? {}) as Inputs;
  const { name, namespace } = metadata ?? {};
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") {
    throw new OperateError(
      `the pending create of ${resource.urn} does not say which object it is about (apiVersion, kind, metadata.name); look for it in the cluster, then \`pulumi refresh\` asks what to do with it`,
    );
  }
  try {
    return await ifThere(api.read({ apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } }));
  } catch (error) {
    // A kind that the cluster does not know has no objects.
    if (error instanceof Error && error.message.startsWith("Unrecognized API version and kind")) {
      return undefined;
    }
    throw error;
  }
}

/** Who applied an object last, if that was this program; undefined of others' objects. */
function managerOf({ metadata }: KubernetesObject, inputs: Inputs): string | undefined {
  const { labels = {}, annotations = {} } = inputs.metadata ?? {};
  if (Object.entries(labels).some(([key, value]) => metadata?.labels?.[key] !== value)) {
    return undefined;
  }
  const own = (name = "") =>
    name.startsWith("pulumi-kubernetes") || name === annotations["pulumi.com/patchFieldManager"];
  const since = (time: string | Date | undefined) => new Date(time ?? 0).getTime();
  const owners = (metadata?.managedFields ?? []).filter(({ manager }) => own(manager));
  return owners.toSorted((one, other) => since(other.time) - since(one.time))[0]?.manager;
}

type Outcome = Pick<Finding, "verdict" | "why" | "orphan">;

const asCurrent = (state: State, urn: string) => resourcesOf(state).some((one) => one.urn === urn && isCurrent(one));

/** @param before What was found of the state's earlier creates: the newest come first in it. */
async function lookFor(
  api: KubernetesObjectApi,
  state: State,
  resource: StateResource,
  before: readonly Finding[],
): Promise<Outcome> {
  const found = await objectOf(api, resource);
  if (found === undefined) {
    return { verdict: "cleared", why: "it was not made; the next up makes it" };
  }
  const { name = "", namespace, deletionTimestamp } = found.metadata ?? {};
  const id = namespace === undefined ? name : `${namespace}/${name}`;
  if (deletionTimestamp !== undefined) {
    return { verdict: "cleared", why: `${id} is being deleted; wait for its end before the next up` };
  }
  const { urn } = resource;
  const others = before.flatMap(({ orphan }) => (orphan?.resource.urn === urn ? orphan : []));
  const inState = resourcesOf(state).filter((one) => one.urn === urn && one.pendingReplacement !== true);
  if ([...others, ...inState].some((one) => one.id === id)) {
    return { verdict: "known", why: `${id} is in the state already` };
  }
  const manager = managerOf(found, resource.inputs ?? {});
  if (manager === undefined) {
    const why = `${id} is there, and another made it; the next up says that it exists: rename or remove one of the two`;
    return { verdict: "left", why };
  }
  const orphan = { resource, id, manager };
  if (others.length === 0 && !asCurrent(state, urn)) {
    return { verdict: "taken", why: `${id} was made; the state has it from now on`, orphan };
  }
  const why = `${id} was made beside another that has its place`;
  return resource.protect === true
    ? { verdict: "left", why: `${why}, and is protected; look what it holds` }
    : { verdict: "surplus", why: `${why}; the next up deletes it`, orphan };
}

/** A create of which no cluster knows. */
const lost = ({ type }: StateResource): Outcome => ({
  verdict: "cleared",
  why: type.startsWith("random:")
    ? "its value is lost, and nothing has used it, since all that needs it waits for it; the next up makes another"
    : "nobody knows whether it was done; the next up does it again",
});

const interrupted: Readonly<Record<Exclude<Operation["type"], "creating">, string>> = {
  updating: "an update was broken off; it is read again, and the next up ends it",
  deleting: "a deletion was broken off; the next up does it again",
  reading: "reading it was broken off; the next up does it again",
  importing: "its import was broken off; the next up does it again",
};

/** What is found of every pending operation, in their order. Asks the cluster, and changes nothing. */
export async function findings(state: State, api: KubernetesObjectApi): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const operation of pendingIn(state)) {
    const { type, resource } = operation;
    const outcome =
      type !== "creating"
        ? { verdict: "pending" as const, why: interrupted[type] }
        : resource.type.startsWith("kubernetes:")
          ? await lookFor(api, state, resource, found)
          : lost(resource);
    found.push({ ...outcome, what: called(resource), operation });
  }
  return found;
}
