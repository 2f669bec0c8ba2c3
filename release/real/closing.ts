/** When a site is believed to be closed, and everybody at rest. */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../backup/log.ts";
import type { ReleaseJob } from "../job.ts";
import type { Release } from "../ledger/records.ts";
import { type Queue, RedisUnreachable } from "../queue/index.ts";

/** Frappe 16 keeps what it has read of a site's configuration for up to 60 s, in each process of the web by itself (config.py, site_cache). */
export const keptSeconds = 60;
const keepsSince = 16;

const keeping = (version: string): boolean => {
  const [, major = ""] = /^v?(\d+)\./.exec(version) ?? [];
  // A version that says nothing (`develop`) is newer than the last that had a number.
  return major === "" || Number(major) >= keepsSince;
};

/** Whether the web that serves now may go on for a while with flags that it read before. */
export function keepsConfig(releases: readonly Pick<Release, "state" | "facts">[], job: ReleaseJob): boolean {
  const stands = releases.findLast(({ state }) => state === "confirmed");
  const apps = (stands?.facts["apps"] ?? job.release.apps) as ReleaseJob["release"]["apps"];
  return apps.some(({ name, version }) => name === "frappe" && keeping(version));
}

/** What a worker that its container has started again needs until it says that it is suspended; and a server, to come back. */
const settleMs = 20_000;
const pauseMs = 500;

/** What runs a job, or could, as `Queue.restless` says it: a job that runs is never waited for. */
const isJob = (line: string) => line.startsWith("job ");

/** @throws with the names of what runs a job, or could, while writes are closed and the queue is drained */
export async function refuseRestless(queue: Queue, signal: AbortSignal, patienceMs = settleMs): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const moving = await lookAt(queue);
    if (moving.length === 0) return;
    if (moving.some(isJob) || Date.now() >= until) {
      throw new Error(`writes are closed, and yet: ${moving.join("; ")}; find out who started it, and end it`);
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

async function lookAt(queue: Queue): Promise<readonly string[]> {
  try {
    const free = (await queue.isSuspended()) ? [] : ["rq:suspended is gone: somebody lets workers begin jobs"];
    return [...free, ...(await queue.restless())];
  } catch (error) {
    if (error instanceof RedisUnreachable) return [messageOf(error)];
    throw error;
  }
}
