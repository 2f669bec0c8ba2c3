/** The pod of a Job, and what keeps it from starting. */
import { ApiException, type CoreV1Event, type V1Job, type V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "./cluster.ts";

const timeOf = (when: Date | string | undefined): number => (when === undefined ? 0 : new Date(when).getTime());

/** The newest pod of a Job; one of an earlier Job of that name is none of it. */
export async function podOf({ core, namespace }: Cluster, { metadata }: V1Job): Promise<V1Pod | undefined> {
  const owner = metadata?.uid === undefined ? "" : `,batch.kubernetes.io/controller-uid=${metadata.uid}`;
  const labelSelector = `batch.kubernetes.io/job-name=${metadata?.name ?? ""}${owner}`;
  const { items } = await core.listNamespacedPod({ namespace, labelSelector });
  return items.toSorted((a, b) => timeOf(a.metadata?.creationTimestamp) - timeOf(b.metadata?.creationTimestamp)).at(-1);
}

export const hasBegun = ({ status }: V1Pod): boolean => (status?.phase ?? "Pending") !== "Pending";

/** Why a pod does not start or did not go well, where its containers or its place say so. */
export function hindrance({ status }: V1Pod): string | undefined {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  // Where its own containers have run they say it best: what ran beside them was ended after them.
  const broken = states.toReversed().find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  if (broken) {
    const { reason = "", exitCode, message = "" } = broken.state?.terminated ?? {};
    return `${broken.name} ended with ${exitCode}: ${reason} ${message}`.trim();
  }
  const waiting = states
    .map(({ name, state }) => ({ name, ...state?.waiting }))
    .find(({ reason }) => reason !== undefined && reason !== "PodInitializing" && reason !== "ContainerCreating");
  if (waiting) {
    return `${waiting.name}: ${waiting.reason} ${waiting.message ?? ""}`.trim();
  }
  const unplaced = status?.conditions?.find(({ type, status: holds }) => type === "PodScheduled" && holds === "False");
  return unplaced ? `${unplaced.reason}: ${unplaced.message}` : evicted(status);
}

const evicted = (status: V1Pod["status"]): string | undefined =>
  status?.reason === undefined ? undefined : `${status.reason}: ${status.message ?? ""}`;

const seenAt = ({ lastTimestamp, eventTime, metadata }: CoreV1Event): number =>
  timeOf(lastTimestamp ?? eventTime ?? metadata.creationTimestamp);

/** What the cluster said last of a Job or a pod, where that is a warning: a quota, a volume that cannot be mounted. */
async function warningOf({ core, namespace }: Cluster, uid: string): Promise<string | undefined> {
  try {
    const { items } = await core.listNamespacedEvent({ namespace, fieldSelector: `involvedObject.uid=${uid}` });
    // A probe that fails while something starts hinders nothing: what breaks is seen in the container's own state.
    const told = items.filter(({ reason }) => reason !== "Unhealthy");
    const last = told.toSorted((a, b) => seenAt(a) - seenAt(b)).at(-1);
    return last?.type === "Warning" ? `${last.reason ?? ""}: ${last.message ?? ""}` : undefined;
  } catch (error) {
    // Who may not read events goes without them.
    if (error instanceof ApiException && error.code === 403) return undefined;
    throw error;
  }
}

/** Characters of a cause: a registry's answer comes in many words, three times over. */
const longest = 400;

/** Why a Job has no pod that runs; undefined while nothing speaks against it. */
export async function startHindrance(cluster: Cluster, job: V1Job, pod: V1Pod | undefined) {
  const uid = (pod ?? job).metadata?.uid;
  const why = (pod && hindrance(pod)) ?? (uid === undefined ? undefined : await warningOf(cluster, uid));
  return why !== undefined && why.length > longest ? `${why.slice(0, longest)}…` : why;
}
