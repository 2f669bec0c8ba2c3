/**
 * Follows a Job that stands in the cluster. Nothing is remembered but how far its log was read: each turn asks for the Job as it is, so
 * that whatever was lost on the way (a watch, a log, the API server itself) costs a turn.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { clusterMessage, ifThere, OperateError, type Cluster } from "./cluster.ts";
import { logReader, type LogReader } from "./log.ts";
import { patiently, type Pace } from "./patience.ts";
import { hasBegun, hindrance, podOf, startHindrance } from "./pod.ts";

/** A Job's pod does not start; the Job is there, and will run when it can. */
export class NotStartedError extends OperateError {
  readonly job: V1Job;
  /** Whether nothing of the Job has ever run, so that it can be taken back. */
  readonly untouched: boolean;

  constructor(job: V1Job, untouched: boolean, seconds: number, why: string) {
    super(`the Job ${job.metadata?.name ?? ""} has not started in ${seconds} seconds${why === "" ? "" : `: ${why}`}`);
    this.job = job;
    this.untouched = untouched;
  }
}

/** A Job is gone that had not ended: somebody else took it back. */
export class JobGoneError extends OperateError {}

export interface Following {
  readonly onLine: (line: string) => void;
  readonly pace: Pace;
  /** Called each time that its pod is seen to have begun. */
  readonly onRun?: () => void;
  /** Whether a node that has room for its pod may be still to come, and is waited for as for an image. @default false */
  readonly awaitsNode?: boolean;
  /** Whether nothing more is to be waited for, while the Job goes on. */
  readonly enough?: () => boolean;
  /** Ends the following, never the Job. */
  readonly signal?: AbortSignal;
}

export interface JobEnd {
  /** `left`: it goes on, and there was enough. */
  readonly end: "complete" | "failed" | "left";
  /** What Kubernetes says of one that failed. */
  readonly why?: string;
}

export function endOf({ status }: V1Job): JobEnd | undefined {
  const holds = (wanted: string) =>
    status?.conditions?.find(({ type, status: holding }) => type === wanted && holding === "True");
  const failed = holds("Failed");
  if (failed) {
    return { end: "failed", why: [failed.reason, failed.message].filter(Boolean).join(": ") };
  }
  return holds("Complete") ? { end: "complete" } : undefined;
}

/** Counts how long a Job has no pod that runs, and what keeps it. */
function startWatch(cluster: Cluster, { onLine, onRun, pace, awaitsNode = false, signal }: Following) {
  let waiting: number | undefined;
  let hindered: number | undefined;
  let told = "";
  let ran = false;
  return {
    runs: () => {
      onRun?.();
      ran = true;
      waiting = hindered = undefined;
    },
    async waits(job: V1Job, pod: V1Pod | undefined) {
      const why = (await patiently(() => startHindrance(cluster, job, pod), pace, signal)) ?? "";
      // Each try to make a pod has another name in quotes.
      const cause = why.replaceAll(/"[^"]*"/g, "");
      if (why !== "" && cause !== told) onLine(`waiting for the pod: ${why}`);
      told = cause;
      const now = Date.now();
      waiting ??= now;
      const goesOn = why === "" || (awaitsNode && why.startsWith("Unschedulable"));
      hindered = goesOn ? undefined : (hindered ?? now);
      const bound = hindered === undefined ? pace.start : pace.hindered;
      if (now - (hindered ?? waiting) > bound) {
        throw new NotStartedError(job, !ran && (job.status?.failed ?? 0) === 0, bound / 1000, why);
      }
    },
  };
}

/** Times that the log of a Job that has ended is asked for again. */
const lastReadings = 5;

/** Reads what is there until the log ends, is silent for long, or there is enough. */
async function readOn(reader: LogReader, heard: () => number, { pace, enough, signal }: Following): Promise<void> {
  const stop = new AbortController();
  const reading = reader.read(true, stop.signal).finally(() => stop.abort());
  // It may fail while we wait for something else: it is awaited below.
  reading.catch(() => undefined);
  const opened = Date.now();
  const isDone = () =>
    enough?.() === true || signal?.aborted === true || Date.now() - Math.max(opened, heard()) > pace.silence;
  while (!stop.signal.aborted) {
    await sleep(pace.poll, undefined, { signal: stop.signal }).catch(() => undefined);
    if (isDone()) stop.abort();
  }
  await reading;
}

/**
 * Follows a Job: its log line by line, then how it ended.
 * @throws NotStartedError when its pod does not start; JobGoneError when it was deleted; the signal's abortion.
 */
export async function followJob(cluster: Cluster, name: string, following: Following): Promise<JobEnd> {
  const { batch, namespace } = cluster;
  const { pace, signal, enough } = following;
  const watchStart = startWatch(cluster, following);
  let heard = 0;
  let noLog = "";
  const onLine = (line: string) => {
    heard = Date.now();
    following.onLine(line);
  };
  let current: { readonly pod: string; readonly reader: LogReader } | undefined;
  const readerOf = (pod: V1Pod): LogReader => {
    const called = pod.metadata?.name ?? "";
    if (current?.pod !== called) {
      current = { pod: called, reader: logReader(cluster, called, pod.spec?.containers[0]?.name ?? "", onLine) };
    }
    return current.reader;
  };
  const ask = async () => {
    const job = await patiently(() => ifThere(batch.readNamespacedJob({ name, namespace })), pace, signal);
    if (job === undefined) {
      throw new JobGoneError(`the Job ${name} was deleted before it ended`);
    }
    return job;
  };
  const readAll = async (pod: V1Pod) => {
    for (let reading = 1; reading <= lastReadings; reading++) {
      if (await readerOf(pod).read(false, AbortSignal.timeout(pace.answer))) return;
      await sleep(pace.poll, undefined, { signal });
    }
    following.onLine(`the end of the log of ${name} could not be read`);
  };

  for (;;) {
    const job = await ask();
    const ended = endOf(job);
    const pod = await patiently(() => podOf(cluster, job), pace, signal);
    if (pod !== undefined && hasBegun(pod)) {
      watchStart.runs();
      try {
        await (ended === undefined ? readOn(readerOf(pod), () => heard, following) : readAll(pod));
      } catch (error) {
        // No log: its first containers failed, or the pod is gone. How the Job ends tells the rest.
        const why = hindrance(pod) ?? `no log of ${name}: ${clusterMessage(error) ?? String(error)}`;
        if (why !== noLog) following.onLine(why);
        noLog = why;
      }
    } else if (ended === undefined) {
      await watchStart.waits(job, pod);
    }
    if (ended !== undefined) {
      const why = [ended.why, pod && hindrance(pod)].filter(Boolean).join("; ");
      return ended.end === "failed" ? { end: "failed", why } : ended;
    }
    // It may have ended since it was asked, and its log may say more.
    if (enough?.() === true && endOf(await ask()) === undefined) {
      return { end: "left" };
    }
    await sleep(pace.poll, undefined, { signal });
  }
}
