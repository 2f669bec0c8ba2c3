/**
 * The bench's job queues, as a release needs them: no job begins while sites change, none is lost, and none is ended. RQ is spoken to
 * through Redis alone, so it is the same on every platform.
 */
import { drain, type Patience, restless, shutdownWorkers } from "./drain.ts";
import { isSuspended, type Prior, resume, suspend } from "./hold.ts";
import { pendingJobs } from "./jobs.ts";
import { redisServer, withRedis } from "./redis.ts";
import { livingWorkers, type Worker } from "./workers.ts";

export type { Patience } from "./drain.ts";
export type { Prior } from "./hold.ts";
export { RedisRefusal, RedisUnreachable } from "./redis.ts";
export type { Worker } from "./workers.ts";

export interface Queue {
  /** Keeps every worker ON THAT REDIS from beginning a job, those of other benches too. @see suspend */
  readonly suspend: (release: string) => Promise<Prior>;
  readonly isSuspended: () => Promise<boolean>;
  /** The living ones of this bench. */
  readonly workers: () => Promise<Worker[]>;
  /** What runs or could begin a job at this moment, one line each: nothing after a drain, for as long as the suspension holds. */
  readonly restless: () => Promise<string[]>;
  /** @returns ids of jobs that were lost by workers and put back. */
  readonly drain: (patience: Patience) => Promise<string[]>;
  readonly shutdownWorkers: (patience: Patience) => Promise<void>;
  /** @returns whether workers run now: what others hold stays held. */
  readonly resume: (release: string) => Promise<boolean>;
  /** How many jobs wait, by the queue's full name. */
  readonly pending: () => Promise<Record<string, number>>;
}

/**
 * @param url of Frappe's `redis_queue`; no error repeats it.
 * @param bench Frappe's bench_id, of which its queues bear the name.
 * @param signal calls off whatever is under way.
 * Each call connects anew: whoever tries again after `RedisUnreachable` finds the server where it is then.
 */
export function openQueue(url: string, bench: string, signal: AbortSignal): Queue {
  const server = redisServer(url);
  return {
    suspend: (release) => withRedis(server, signal, (ask) => suspend(ask, release)),
    isSuspended: () => withRedis(server, signal, isSuspended),
    workers: () => withRedis(server, signal, (ask) => livingWorkers(ask, bench)),
    restless: () => withRedis(server, signal, (ask) => restless(ask, bench)),
    drain: (patience) => drain(server, bench, { ...patience, signal }),
    shutdownWorkers: (patience) => shutdownWorkers(server, bench, { ...patience, signal }),
    resume: (release) => withRedis(server, signal, (ask) => resume(ask, release)),
    pending: () => withRedis(server, signal, (ask) => pendingJobs(ask, bench)),
  };
}
