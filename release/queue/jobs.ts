/** Jobs of a bench, as RQ keeps them. Of a job its id and its method are told, never what it was called with. */
import type { Ask } from "./redis.ts";
import { milliseconds, textOf, wordsOf } from "./resp.ts";

export interface RunningJob {
  readonly id: string;
  /** What it calls, `frappe.…`; RQ's own function where that cannot be told. */
  readonly method: string;
  /** Full name, `<bench>:<queue>`. */
  readonly queue: string;
  readonly worker: string;
}

/** Full names of the bench's queues that ever had a job. */
export async function queuesOf(ask: Ask, bench: string): Promise<string[]> {
  const keys = wordsOf(await ask("SMEMBERS", "rq:queues")).map((key) => key.replace(/^rq:queue:/, ""));
  return keys.filter((queue) => queue.startsWith(`${bench}:`)).sort();
}

/** How many jobs wait, by the queue's full name; what runs is not among them. */
export async function pendingJobs(ask: Ask, bench: string): Promise<Record<string, number>> {
  const queues = await queuesOf(ask, bench);
  const counts = await Promise.all(queues.map((queue) => ask("LLEN", `rq:queue:${queue}`)));
  return Object.fromEntries(queues.map((queue, index) => [queue, Number(counts[index])]));
}

/**
 * Jobs that have begun and not ended, by RQ's registries of work in progress. One past its time there is given up by RQ itself; whether
 * the worker of another still lives is for the caller to say: a killed worker's jobs stay in the registry.
 */
export async function runningJobs(ask: Ask, bench: string): Promise<RunningJob[]> {
  const now = Math.floor(milliseconds(await ask("TIME")) / 1000);
  const queues = await queuesOf(ask, bench);
  const members = await Promise.all(queues.map((queue) => ask("ZRANGEBYSCORE", `rq:wip:${queue}`, now, "+inf")));
  const found = queues.flatMap((queue, index) => wordsOf(members[index]).map((member) => ({ queue, member })));
  const jobs = await Promise.all(found.map(({ queue, member }) => readJob(ask, queue, member)));
  return jobs.filter((job) => job !== undefined);
}

/** RQ 2 registers executions, `<job>:<execution>`, where RQ 1 registers jobs. */
async function readJob(ask: Ask, queue: string, member: string): Promise<RunningJob | undefined> {
  for (const id of [member, member.replace(/:[^:]*$/, "")]) {
    const [worker, description] = wordsOf(await ask("HMGET", `rq:job:${id}`, "worker_name", "description"));
    if (worker) return { id, queue, worker, method: methodIn(description ?? "") };
  }
  return undefined;
}

/** What a job calls, by its id; for one whose worker has begun it and not yet registered it. */
export const methodOf = async (ask: Ask, id: string): Promise<string> =>
  methodIn(textOf(await ask("HGET", `rq:job:${id}`, "description")));

/**
 * A description is the call as text: `frappe….execute_job(event=None, …, kwargs={…}, method='frappe.x', site=…)`, keys in order. The last
 * `method=` is Frappe's; what stands in kwargs comes before it.
 */
export function methodIn(description: string): string {
  const named = [...description.matchAll(/\bmethod=(?:'|<(?:bound method|function) )([A-Za-z_][\w.]*)/g)].at(-1)?.[1];
  return named ?? /^[A-Za-z_][\w.]*(?=\()/.exec(description)?.[0] ?? "unknown method";
}
