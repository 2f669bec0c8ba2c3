/** Waits until no worker of a bench runs a job or would begin one. */
import { setTimeout as sleep } from "node:timers/promises";
import { isSuspended } from "./hold.ts";
import { methodOf, runningJobs } from "./jobs.ts";
import { type Ask, RedisUnreachable, type RedisServer, withRedis } from "./redis.ts";
import { putBack, strays } from "./strays.ts";
import { channelOf, livingWorkers, type Worker } from "./workers.ts";

/** How often it is looked, in milliseconds. */
const interval = 500;

/** Of what it waits for, at most so many are named. */
const named = 20;

/** What still moves, one line each; nothing when the workers rest. */
export async function restless(ask: Ask, bench: string): Promise<string[]> {
  const workers = await livingWorkers(ask, bench);
  const running = (await runningJobs(ask, bench)).filter((job) => workers.some(({ name }) => name === job.worker));
  const jobs = running.map(
    ({ id, method, queue, worker }) => `job ${id} (${method}) of ${queue} runs in worker ${worker}`,
  );
  const others = await Promise.all(
    workers
      .filter(({ name, state }) => state !== "suspended" && !running.some(({ worker }) => worker === name))
      .map((worker) => describe(ask, worker)),
  );
  return [...jobs, ...others].sort();
}

async function describe(ask: Ask, { name, host, state, job, hears }: Worker): Promise<string> {
  const who = `worker ${name}${host === "" ? "" : ` on ${host}`}`;
  if (job !== undefined) return `job ${job} (${await methodOf(ask, job)}) runs in ${who}`;
  if (state !== "idle") return `${who} is ${state}`;
  return hears
    ? `${who} is idle, may take one more job, and is told to end`
    : `${who} is idle, may take one more job, and does not listen (Redis was restarted under it): restart it`;
}

/**
 * An idle worker looks at the suspension only after one more job, however late that comes: it is told to end by RQ's own command, and
 * comes back suspended. One with jobs waiting is about to take one, and would lose it. (One that comes in these milliseconds is lost to
 * its worker all the same, and put back in the end.)
 */
async function askIdleToEnd(ask: Ask, bench: string, asked: Set<string>): Promise<void> {
  for (const worker of await livingWorkers(ask, bench)) {
    if (worker.state !== "idle" || !worker.hears || worker.leaving || asked.has(worker.name)) continue;
    const waiting = await Promise.all(worker.queues.map((queue) => ask("LLEN", `rq:queue:${queue}`)));
    if (waiting.some((count) => count !== 0)) continue;
    await tellToEnd(ask, worker.name);
    asked.add(worker.name);
  }
}

/** RQ's shutdown: an idle worker ends at once, a busy one after its job, and both with 0. */
async function tellToEnd(ask: Ask, worker: string): Promise<void> {
  const command = { command: "shutdown", created_at: new Date().toISOString() };
  await ask("PUBLISH", channelOf(worker), JSON.stringify(command));
}

export interface Patience {
  /** In seconds. */
  readonly limit: number;
  /** Told what is waited for, whenever that changes. */
  readonly progress: (line: string) => void;
}

interface Called {
  /** Calls it off, within a look. */
  readonly signal: AbortSignal;
}

/**
 * Waits until each living worker says that it is suspended and none of them has a job in progress, seen twice in a row. Ends no job and
 * removes none; jobs that wait stay where they are, and those that then stand nowhere are put back. Redis may be away meanwhile.
 * @returns the ids of those that were put back.
 * @throws when it is late, with each job and worker that it waited for; when the workers are not suspended at all.
 */
export async function drain(server: RedisServer, bench: string, patience: Patience & Called): Promise<string[]> {
  const asked = new Set<string>();
  const returned: string[] = [];
  let missed: ReadonlySet<string> | undefined;
  await patiently(server, patience, "the job queues do not come to rest", async (ask) => {
    if (!(await isSuspended(ask))) throw new Error("the workers are not suspended: somebody has removed rq:suspended");
    const waits = await restless(ask, bench);
    if (waits.length > 0) {
      missed = undefined;
      await askIdleToEnd(ask, bench, asked);
      return waits;
    }
    const stray = await strays(ask, bench);
    const again = stray.filter(({ id }) => missed?.has(id));
    for (const job of again) if (await putBack(ask, job)) returned.push(job.id);
    missed = new Set(stray.map(({ id }) => id));
    return [];
  });
  if (returned.length > 0) patience.progress(`put back jobs that no worker had begun: ${listed(returned)}`);
  return returned;
}

/**
 * Tells each living worker to end, and waits until they have: for suspended ones, after a drain. Whoever starts them again decides with
 * which code. One that was told already is not told again: RQ takes the second request for an order to kill the job.
 */
export async function shutdownWorkers(server: RedisServer, bench: string, patience: Patience & Called): Promise<void> {
  let leaving: ReadonlySet<string> | undefined;
  const asked = new Set<string>();
  await patiently(server, patience, "the workers do not end", async (ask) => {
    const workers = await livingWorkers(ask, bench);
    leaving ??= new Set(workers.map(({ name }) => name));
    for (const worker of workers) {
      if (!leaving.has(worker.name) || worker.leaving || asked.has(worker.name)) continue;
      await tellToEnd(ask, worker.name);
      asked.add(worker.name);
    }
    return workers
      .filter(({ name }) => leaving?.has(name))
      .map(({ name, host, state, hears }) => {
        return `worker ${name} on ${host} is ${state}${hears ? "" : " and does not listen: restart it"}`;
      });
  });
}

/** Looks until nothing is waited for, twice in a row. */
async function patiently(
  server: RedisServer,
  { limit, signal, progress }: Patience & Called,
  failure: string,
  look: (ask: Ask) => Promise<readonly string[]>,
): Promise<void> {
  const deadline = performance.now() + limit * 1000;
  let told = "";
  for (let quiet = 0; ;) {
    const waits = await withRedis(server, signal, look).catch((error: unknown) => {
      if (error instanceof RedisUnreachable) return [error.message];
      throw error;
    });
    quiet = waits.length === 0 ? quiet + 1 : 0;
    if (quiet === 2) return;
    const line = listed(waits);
    if (waits.length > 0 && line !== told) progress((told = line));
    if (waits.length > 0 && performance.now() > deadline) {
      throw new Error(`${failure} within ${limit} s: ${line}. No job was ended or removed`);
    }
    await sleep(interval);
  }
}

function listed(waits: readonly string[]): string {
  const more = waits.length > named ? [`and ${waits.length - named} more`] : [];
  return [...waits.slice(0, named), ...more].join("; ");
}
