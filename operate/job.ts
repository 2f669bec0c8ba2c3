/** A Job made from the template that stands in the cluster, followed to its end. */
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1CronJob, V1Job, V1Pod } from "@kubernetes/client-node";
import { clusterMessage, ifThere, OperateError, type Cluster } from "./cluster.ts";

/** Seconds that a Job and its log stay to be read. */
const keepSeconds = 7 * 24 * 3600;

/** Times of following a Job, in milliseconds. */
export interface Pace {
  readonly poll: number;
  /** Until a pod that does not start is given up on. */
  readonly start: number;
}

export const usualPace: Pace = { poll: 2000, start: 300_000 };

/**
 * A Job out of a CronJob's template.
 * @param words What stands in place of the last word of its command, the verb.
 * @param by Who started it, for whoever finds it.
 */
export function jobFrom(template: V1CronJob, name: string, words: readonly string[], by: string): V1Job {
  const { metadata, spec } = structuredClone(template.spec?.jobTemplate ?? {});
  const container = spec?.template.spec?.containers[0];
  if (!spec || !container?.command) {
    throw new OperateError(
      `the CronJob ${template.metadata?.name ?? ""} has no command; run \`pulumi up\` to put it right`,
    );
  }
  container.command = [...container.command.slice(0, -1), ...words];
  const annotations = { ...metadata?.annotations, "frappe-platform/started-by": by };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { ...metadata, annotations, name },
    spec: { ...spec, ttlSecondsAfterFinished: keepSeconds },
  };
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

/** Why a pod does not start, where its containers or its place say so. */
function hindrance({ status }: V1Pod): string | undefined {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const broken = status?.initContainerStatuses?.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
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
  return unplaced && `${unplaced.reason}: ${unplaced.message}`;
}

async function podOf({ core, namespace }: Cluster, job: string): Promise<V1Pod | undefined> {
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${job}` });
  return items[0];
}

/** The pod, as soon as it has begun to run. */
async function started(cluster: Cluster, job: string, pace: Pace, say: (line: string) => void): Promise<V1Pod> {
  const deadline = Date.now() + pace.start;
  let told = "";
  for (;;) {
    const pod = await podOf(cluster, job);
    const phase = pod?.status?.phase ?? "Pending";
    if (pod && phase !== "Pending") {
      return pod;
    }
    const why = (pod && hindrance(pod)) ?? "";
    if (why !== told) {
      say(`waiting for the pod: ${why}`);
      told = why;
    }
    if (Date.now() > deadline) {
      throw new OperateError(
        `the Job ${job} has not started in ${pace.start / 1000} seconds${why === "" ? "" : `: ${why}`}; it stays, and will run when it can: \`kubectl -n ${cluster.namespace} delete job ${job}\` takes it back`,
      );
    }
    await sleep(pace.poll);
  }
}

/** Whole lines out of whatever arrives. */
function lines(onLine: (line: string) => void): Writable {
  let rest = "";
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const parts = (rest + chunk.toString("utf8")).split("\n");
      rest = parts.pop() ?? "";
      parts.forEach(onLine);
      done();
    },
    final(done) {
      if (rest !== "") onLine(rest);
      done();
    },
  });
}

function ended({ status }: V1Job): "Complete" | "Failed" | undefined {
  const holding = status?.conditions?.filter((condition) => condition.status === "True").map(({ type }) => type) ?? [];
  return (["Complete", "Failed"] as const).find((end) => holding.includes(end));
}

/** Times that a question is asked again: the Job runs on while the API server is away for some minutes. */
const patience = 90;

async function patiently<T>(ask: () => Promise<T>, { poll }: Pace): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === patience || clusterMessage(error) === undefined) {
        throw error;
      }
      await sleep(poll);
    }
  }
}

/**
 * Follows a Job that has been made: its log line by line, then how it ended.
 * @returns whether it completed.
 */
export async function followJob(
  cluster: Cluster,
  job: string,
  onLine: (line: string) => void,
  pace: Pace,
): Promise<boolean> {
  const { namespace, logs, batch } = cluster;
  const pod = await started(cluster, job, pace, onLine);
  const container = pod.spec?.containers[0]?.name ?? "";
  const stream = lines(onLine);
  try {
    await logs.log(namespace, pod.metadata?.name ?? "", container, stream, { follow: true });
  } catch (error) {
    // No log: its first containers failed, or the pod is gone. How the Job ends tells the rest.
    onLine(hindrance(pod) ?? `no log of ${job}: ${clusterMessage(error) ?? String(error)}`);
  }
  // A log that breaks off is no end of the Job: the Job itself is asked.
  for (;;) {
    const now = await patiently(() => ifThere(batch.readNamespacedJob({ name: job, namespace })), pace);
    if (now === undefined) {
      throw new OperateError(`the Job ${job} was deleted before it ended`);
    }
    const how = ended(now);
    if (how !== undefined) {
      await Promise.race([finished(stream).catch(() => undefined), sleep(pace.poll)]);
      return how === "Complete";
    }
    await sleep(pace.poll);
  }
}
