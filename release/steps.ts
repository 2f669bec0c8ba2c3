/** The steps of a release as whole processes: each opens the ledger, takes the right to write, and does what the ledger says is next. */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../backup/context.ts";
import { info } from "../backup/log.ts";
import { backUp, confirm, migrate, prepare } from "./drive/forward.ts";
import { ask, awaitVerdict, holdUntilVerdict } from "./drive/hold.ts";
import { holding, holdSeconds, type Run, type Wanted } from "./drive/run.ts";
import type { ReleaseJob } from "./job.ts";
import { Ledger, Taken } from "./ledger/ledger.ts";
import { openQueue } from "./queue/index.ts";
import { inspectNewSet } from "./real/new-set.ts";
import { realWorld } from "./real/world.ts";
import { adminClient, ensureDatabase } from "./server.ts";

export const steps = ["prepare", "backup", "migrate", "verify", "confirm"] as const;
export type Step = (typeof steps)[number];

export interface StepOptions {
  /** Who asked, for the record. */
  readonly by: string;
  /** `redis_queue` of the bench. */
  readonly queueUrl: string;
  /** A place where a test may end the process. */
  readonly point: (name: string) => void;
}

export async function openLedger(context: Context, job: ReleaseJob): Promise<Ledger> {
  await ensureDatabase(context, job, job.ledger);
  return Ledger.open(adminClient(context, job, job.ledger), job.owner);
}

const wantedOf = ({ release, sites, limits }: ReleaseJob, by: string): Wanted => ({
  id: release.id,
  sites: sites.filter(({ state }) => state === "active").map(({ name }) => name),
  facts: { ...release, by },
  holdMs: limits.hold * 1_000,
});

const work: Readonly<Record<Exclude<Step, "verify">, (run: Run) => Promise<void>>> = {
  prepare,
  backup: backUp,
  migrate: async (run) => {
    await migrate(run);
    const release = await run.ledger.release(run.wanted.id);
    if (release?.state === "migrated") {
      info("held", { release: release.id, state: release.state, deadlineSeconds: Math.round(release.leftMs / 1_000) });
    }
    await holdUntilVerdict(run);
  },
  confirm,
};

/** Does one step. @throws with the cause; what stands then is in the ledger */
export async function runStep(context: Context, job: ReleaseJob, step: Step, options: StepOptions): Promise<void> {
  const ledger = await openLedger(context, job);
  if (step === "verify") {
    await verify(context, job, ledger);
  } else {
    const queue = openQueue(options.queueUrl, job.bench.id, context.signal);
    const world = realWorld(context, job, queue);
    const wanted = wantedOf(job, options.by);
    const say = (line: string) => info("progress", { step, line });
    const reached = (state: string) => info("release", { release: wanted.id, state });
    const { point } = options;
    await whenFree(context, () =>
      holding(ledger, `${hostname()}/${process.pid}/${step}`, context.abort, (hold) =>
        work[step]({ wanted, ledger, world, hold, say, reached, point }),
      ),
    );
  }
  const release = await ledger.release(job.release.id);
  info("step done", { step, release: job.release.id, state: release?.state });
}

/** A process that died keeps its right for a minute: whoever comes after it waits that long, and no longer. */
async function whenFree(context: Context, take: () => Promise<void>): Promise<void> {
  const until = Date.now() + (holdSeconds + 30) * 1_000;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof Taken) || Date.now() > until) throw error;
      info("waiting", { for: error.message });
      await sleep(2_000, undefined, { signal: context.signal });
    }
  }
}

/** Looks at the new set, and asks whoever holds the release to let it pass or to take it back. */
async function verify(context: Context, job: ReleaseJob, ledger: Ledger): Promise<void> {
  const { id } = job.release;
  const state = (await ledger.release(id))?.state;
  if (state === "migrated") {
    const problem = await inspectNewSet(context, job);
    await ask(ledger, id, { good: problem === undefined, reason: problem ?? "" });
  }
  await awaitVerdict(ledger, id);
}
