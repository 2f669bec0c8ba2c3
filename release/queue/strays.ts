/**
 * Jobs that nobody has. A worker pops a job and says in a second step that it has begun it; told to end in between, or while Redis hands
 * it the job, it leaves one that is `queued` and stands in no queue. RQ never looks for it; topology/requeue.ts does, where Redis is ours.
 */
import { type Ask, atomically } from "./redis.ts";
import { listOf, textOf, wordsOf } from "./resp.ts";

export interface Stray {
  readonly id: string;
  /** Full name of its queue. */
  readonly queue: string;
}

const page = 1_000;
/** How often a queue may change while a job is put back to it. */
const tries = 50;

const list = (queue: string) => `rq:queue:${queue}`;
/** Where RQ moves a job that a worker of one queue has popped; once none runs, what stands there is nobody's. */
const between = (queue: string) => `${list(queue)}:intermediate`;

/** The bench's jobs that are to run and wait in no queue. While workers run, one may be on its way to a worker. */
export async function strays(ask: Ask, bench: string): Promise<Stray[]> {
  const found: Stray[] = [];
  const queues = new Map<string, Promise<ReadonlySet<string>>>();
  const waiting = (queue: string) => {
    const known = queues.get(queue) ?? ask("LRANGE", list(queue), 0, -1).then((ids) => new Set(wordsOf(ids)));
    queues.set(queue, known);
    return known;
  };
  let cursor = "0";
  do {
    const [next, keys] = listOf(await ask("SCAN", cursor, "MATCH", "rq:job:*", "COUNT", page, "TYPE", "hash"));
    cursor = textOf(next);
    const ids = wordsOf(keys).map((key) => key.slice("rq:job:".length));
    const states = await Promise.all(ids.map((id) => ask("HMGET", `rq:job:${id}`, "status", "origin")));
    for (const [index, id] of ids.entries()) {
      const [status, queue = ""] = wordsOf(states[index]);
      if (status !== "queued" || !queue.startsWith(`${bench}:`)) continue;
      if (!(await waiting(queue)).has(id)) found.push({ id, queue });
    }
  } while (cursor !== "0");
  return found;
}

/** Puts a job to the head of its queue, where it came from, unless it has come to stand there or was begun meanwhile. */
export async function putBack(ask: Ask, { id, queue }: Stray): Promise<boolean> {
  const job = `rq:job:${id}`;
  for (let attempt = 0; attempt < tries; attempt++) {
    await ask("WATCH", list(queue), job);
    const [position, status] = await Promise.all([ask("LPOS", list(queue), id), ask("HGET", job, "status")]);
    if (position !== null || status !== "queued") {
      await ask("UNWATCH");
      return false;
    }
    const done = await atomically(ask, ["LREM", between(queue), 0, id], ["LPUSH", list(queue), id]);
    if (done !== undefined) return true;
  }
  throw new Error(`job ${id} could not be put back: its queue ${queue} changed ${tries} times in a row`);
}
