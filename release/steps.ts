/** The steps of a release as whole processes: each opens the ledger, takes the right to write, and does what the ledger says is next. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../backup/context.ts";
import { letGo } from "../backup/lock.ts";
import { info, messageOf } from "../backup/log.ts";
import type { CheckOutcome } from "../constants/checks.ts";
import type { Step } from "../constants/steps.ts";
import { analyse } from "./canary/analysis.ts";
import { contextsOf } from "./contexts.ts";
import { backUp, confirm, finishWayBack, migrate, prepare } from "./drive/forward.ts";
import { ask, awaitVerdict, holdUntilVerdict } from "./drive/hold.ts";
import { endTrial, type Judge, unheard } from "./drive/trial.ts";
import { holding, holdSeconds, patiently, type Run, type Wanted } from "./drive/run.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "./job.ts";
import { Ledger, Taken } from "./ledger/ledger.ts";
import type { Release } from "./ledger/records.ts";
import type { ReleaseState } from "./machine.ts";
import { openQueue } from "./queue/index.ts";
import { runChecks, whileOnTrial } from "./real/checks.ts";
import { inspectNewSet } from "./real/new-set.ts";
import { keepsConfig } from "./real/closing.ts";
import { realWorld } from "./real/world.ts";
import type { World } from "./world.ts";
import { ensureReader } from "./reader-user.ts";
import { adminClient, ensureDatabase } from "./server.ts";
import { problemOf, problemOfClosed } from "./sites/health.ts";

export { steps, type Step } from "../constants/steps.ts";

export interface StepOptions {
  /** Who asked, for the record. */
  readonly by: string;
  /** `redis_queue` of the bench. */
  readonly queueUrl: string;
  /** `redis_cache` of the bench. */
  readonly cacheUrl: string;
  /** What the checks that are made elsewhere came to; undefined: nobody was asked yet. */
  readonly checked?: readonly CheckOutcome[] | undefined;
  /** A place where a test may end the process. */
  readonly point: (name: string) => void;
}

/** Seconds for one question to the ledger, or one word to it. */
const ledgerSeconds = 60;

/** Nothing calls a word to the ledger off but its own time: it is what the way back is written down in. */
export async function openLedger(context: Context, job: ReleaseJob): Promise<Ledger> {
  await ensureDatabase(context, job, job.ledger);
  const { engine } = job.backup.database;
  const query = (sql: string) => {
    const signal = AbortSignal.timeout(ledgerSeconds * 1_000);
    return adminClient({ ...context, signal }, job, job.ledger).query(sql);
  };
  const ledger = await Ledger.open({ engine, query }, job.owner);
  await ensureReader(context, job);
  return ledger;
}

const namesOf = (sites: ReleaseJob["sites"], wanted: ReleaseSiteSpec["state"]) =>
  sites.filter(({ state }) => state === wanted).map(({ name }) => name);

const wantedOf = ({ release, sites, limits }: ReleaseJob, by: string): Wanted => ({
  id: release.id,
  sites: namesOf(sites, "active"),
  archived: namesOf(sites, "archived"),
  facts: {
    ...{ ...release, by },
    declared: Object.fromEntries(sites.map(({ name, apps, settings, state }) => [name, { apps, settings, state }])),
  },
  holdMs: limits.hold * 1_000,
});

const work: Readonly<Record<Step, (run: Run, judge: Judge) => Promise<void>>> = {
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
  // Whoever migrated is dead, or its right to write would not have been free.
  verify: async (run, judge) => {
    await finishWayBack(run);
    await endTrial(run, judge);
    await holdUntilVerdict(run);
  },
  confirm,
};

/** A step failed, and this is the state that its release was left in. */
export class StepFailed extends Error {
  readonly state: ReleaseState | undefined;

  constructor(cause: unknown, state: ReleaseState | undefined) {
    super(messageOf(cause), { cause });
    this.state = state;
  }
}

/**
 * Does one step.
 * @returns whether it is done: not where it has asked for checks that are made elsewhere, and moved nothing.
 * @throws StepFailed with the cause; what stands then is in the ledger
 */
export async function runStep(context: Context, job: ReleaseJob, step: Step, options: StepOptions): Promise<boolean> {
  let ledger: Ledger | undefined;
  const { id } = job.release;
  try {
    ledger = await openLedger(context, job);
    const take = takerOf(context, job, ledger, options);
    const came = await (step === "verify"
      ? verify(context, job, ledger, options, take)
      : whenFree(context, () => take(step)));
    const done = came !== unheard;
    info(done ? "step done" : "step waits", { step, release: id, state: (await ledger.release(id))?.state });
    return done;
  } catch (error) {
    // Where it cannot be read, the cause is the better answer.
    const release = await ledger?.release(id).catch(() => undefined);
    throw new StepFailed(error, release?.state);
  } finally {
    await letGo(context);
  }
}

type Verdict = Awaited<ReturnType<Judge>>;

/** What speaks against the new set; undefined: nothing. @param look at a site as its users meet it, or as it is while it is closed. */
const problemOfNewSet = async (
  context: Context,
  job: ReleaseJob,
  ledger: Ledger,
  { checked }: StepOptions,
  look: typeof problemOf,
): Promise<Verdict> =>
  (await whileOnTrial(context, ledger, job.release.id, (watched) => inspectNewSet(watched, job, look))) ??
  (await runChecks(context, job, ledger, checked));

/** Process ids begin anew in each container, and host names may be alike: by its name alone no other takes this one's right. */
const instance = randomBytes(4).toString("hex");

/**
 * Its sites are open: they are looked at as their users see them, and a canary by what becomes of its share of the requests, too; last, since
 * by then everything else has spoken for it.
 */
async function judge(context: Context, job: ReleaseJob, ledger: Ledger, options: StepOptions): Promise<Verdict> {
  const problem = await problemOfNewSet(context, job, ledger, options, problemOf);
  return problem === undefined && job.canary !== undefined ? analyse(context, job, job.canary, ledger) : problem;
}

/** Of a release's facts: what was declared of each site. */
type Declared = Readonly<Record<string, Pick<ReleaseSiteSpec, "apps" | "settings" | "state">>>;

/** The configuration as another release would have it, for what is marked as that one's: with the sites that it alone has declared. */
function asOf(job: ReleaseJob, { id, facts }: Release): ReleaseJob {
  const declared = Object.entries((facts["declared"] ?? {}) as Declared);
  const schemas = (facts["schemas"] ?? {}) as Readonly<Record<string, string>>;
  const more = declared.flatMap(([name, { apps, settings, state }]): ReleaseSiteSpec[] => {
    const schema = schemas[name];
    if (schema === undefined || job.sites.some((site) => site.name === name)) return [];
    return [{ name, apps, settings, state, schema, domains: [] }];
  });
  return {
    ...job,
    release: { ...job.release, id, attempt: Number(facts["attempt"]) },
    sites: [...job.sites, ...more],
  };
}

/** Does a step's work with the right to write. @throws Taken while somebody else has it */
function takerOf(
  context: Context,
  job: ReleaseJob,
  ledger: Ledger,
  options: StepOptions,
): (step: Step) => Promise<Verdict> {
  const { id } = job.release;
  const { by, queueUrl, cacheUrl, point } = options;
  const { forward, back, lose } = contextsOf(context, job.limits.back ?? job.limits.whole);
  return async (step) => {
    const keeps = keepsConfig(await ledger.releases(), job);
    const worldOf = (of: Context, its = job) =>
      realWorld(of, its, { queue: openQueue(queueUrl, its.bench.id, of.signal), cacheUrl, keeps });
    let backwards: World | undefined;
    let verdict: Verdict;
    await holding(ledger, `${hostname()}/${process.pid}/${step}/${instance}`, lose, (hold) => {
      const run: Run = {
        ...{ wanted: wantedOf(job, by), ledger, world: worldOf(forward), signal: forward.signal, hold, point },
        back: (of) => {
          const now = back();
          return of === undefined ? (backwards ??= worldOf(now)) : worldOf(now, asOf(job, of));
        },
        say: (line) => info("progress", { step, line }),
        reached: (state) => info("release", { release: id, state }),
      };
      return work[step](run, async () => (verdict = await judge(forward, job, ledger, options)));
    });
    return verdict;
  };
}

/** A process that died keeps its right for a minute: whoever comes after it waits that long, and no longer. */
async function whenFree(context: Context, take: () => Promise<Verdict>): Promise<Verdict> {
  const until = Date.now() + (holdSeconds + 30) * 1_000;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof Taken) || Date.now() > until) throw error;
      info("waiting", { for: error.message });
      await pause(context, 2_000);
    }
  }
}

/** @throws what called the work off. */
async function pause({ signal }: Context, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

/** What `verify` does itself: a trial, which nobody holds; and where whoever migrated is dead. */
const unsettled: readonly ReleaseState[] = ["trial", "migrated", "rolling_back", "needs_human"];

/**
 * Looks at the new set, and asks whoever holds the release to let it pass or to take it back. Where nobody does any more, because that
 * process is dead, does it in its place. Where a check is made elsewhere and was not heard of, it moves nothing.
 */
async function verify(
  context: Context,
  job: ReleaseJob,
  ledger: Ledger,
  options: StepOptions,
  take: (step: Step) => Promise<Verdict>,
): Promise<Verdict> {
  const { id } = job.release;
  const still = () => context.signal.throwIfAborted();
  const stateNow = async () => (await patiently(still, () => ledger.release(id)))?.state;
  if ((await stateNow()) === "migrated") {
    const problem = await problemOfNewSet(context, job, ledger, options, problemOfClosed);
    if (problem === unheard) return unheard;
    await ask(ledger, id, { good: problem === undefined, reason: problem ?? "" });
  }
  for (let state = await stateNow(); state !== undefined && unsettled.includes(state); state = await stateNow()) {
    try {
      if ((await take("verify")) === unheard) return unheard;
    } catch (error) {
      if (!(error instanceof Taken)) throw error;
      await pause(context, 1_000);
    }
  }
  await awaitVerdict(ledger, id, 1_000, context.signal);
  return undefined;
}
