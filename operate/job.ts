/** Jobs made from templates that stand in the cluster. */
import { setTimeout as sleep } from "node:timers/promises";
import type { V1CronJob, V1Job } from "@kubernetes/client-node";
import { ifThere, OperateError, type Cluster } from "./cluster.ts";
import { isConflict, patiently, type Pace } from "./patience.ts";

/** Seconds that a Job and its log stay to be read. */
const keepSeconds = 7 * 24 * 3600;

/**
 * A Job out of a CronJob's template.
 * @param words What stands in place of the last word of its command, the verb; undefined: the command stays, or is the image's own.
 * @param by Who started it, for whoever finds it.
 */
export function jobFrom(template: V1CronJob, name: string, words: readonly string[] | undefined, by: string): V1Job {
  const { metadata, spec } = structuredClone(template.spec?.jobTemplate ?? {});
  const container = spec?.template.spec?.containers[0];
  if (!spec || !container || (words !== undefined && !container.command)) {
    throw new OperateError(
      `the CronJob ${template.metadata?.name ?? ""} has no command; run \`pulumi up\` to put it right`,
    );
  }
  if (words !== undefined) container.command = [...(container.command ?? []).slice(0, -1), ...words];
  const annotations = { ...metadata?.annotations, "frappe-platform/started-by": by };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...metadata, annotations, name },
    spec: { ...spec, ttlSecondsAfterFinished: keepSeconds },
  };
}

/** The suspended CronJob that a Job is made from. @throws OperateError where it is not there. */
export async function templateIn({ batch, namespace, context }: Cluster, name: string): Promise<V1CronJob> {
  const template = await ifThere(batch.readNamespacedCronJob({ name, namespace }));
  if (template === undefined) {
    throw new OperateError(`no CronJob ${name} in the namespace ${namespace} of ${context}; \`pulumi up\` makes it`);
  }
  return template;
}

/** Jobs of the components `components` that have not ended. */
export async function runningJobs(
  { batch, namespace }: Cluster,
  label: string,
  components: readonly string[],
): Promise<string[]> {
  const { items } = await batch.listNamespacedJob({
    namespace,
    labelSelector: `${label} in (${components.join(",")})`,
  });
  return items.filter(({ status }) => (status?.active ?? 0) > 0).map(({ metadata }) => metadata?.name ?? "");
}

/** Times that a Job which is being deleted, or made by another at this moment, is looked at again. */
const looks = 150;

/**
 * The Job of this name: the one that is there, or else made now. Whoever asks twice, or beside another, gets the same one.
 * @param make Only asked when there is none.
 * @returns whether it was there.
 */
export async function attachOrCreate(
  { batch, namespace }: Cluster,
  name: string,
  make: () => Promise<V1Job>,
  pace: Pace,
  signal?: AbortSignal,
): Promise<{ readonly job: V1Job; readonly found: boolean }> {
  for (let look = 1; look <= looks; look++) {
    const job = await patiently(() => ifThere(batch.readNamespacedJob({ name, namespace })), pace, signal);
    if (job !== undefined && job.metadata?.deletionTimestamp === undefined) {
      // One that was not there at first was made by this call, whose answer was lost, or by another at this moment.
      return { job, found: look === 1 };
    }
    if (job === undefined) {
      const body = await make();
      signal?.throwIfAborted();
      try {
        const made = await patiently(() => batch.createNamespacedJob({ namespace, body }), pace, signal);
        return { job: made, found: false };
      } catch (error) {
        // Somebody was faster, or an answer of ours was lost, or a quota was being counted: the next look tells.
        if (!isConflict(error)) throw error;
      }
    }
    await sleep(pace.poll, undefined, { signal });
  }
  throw new OperateError(
    `the Job ${name} could neither be made nor followed: it is being deleted and does not go; \`kubectl -n ${namespace} describe job ${name}\` says what holds it`,
  );
}

/**
 * Deletes a Job as it was seen, with its pods.
 * @returns whether it did: not where the Job has changed since.
 */
export async function takeBack({ batch, namespace }: Cluster, { metadata }: V1Job, pace: Pace): Promise<boolean> {
  const { name = "", uid, resourceVersion } = metadata ?? {};
  const seen = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
  const body = { preconditions: seen, propagationPolicy: "Foreground" };
  try {
    await patiently(() => ifThere(batch.deleteNamespacedJob({ name, namespace, body })), pace);
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}
