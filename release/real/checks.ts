/** The stack's own checks of a new set, before traffic moves to it: all of them are made, one after the other, and each failure is told. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { info, messageOf } from "../../backup/log.ts";
import type { CheckOutcome } from "../../constants/checks.ts";
import { type HereCheck, makeCheck } from "../bench/checks.ts";
import { clearCache } from "../bench/commands.ts";
import type { Book } from "../drive/run.ts";
import { unheard } from "../drive/trial.ts";
import type { ReleaseCheck, ReleaseJob } from "../job.ts";
import type { ReleaseEvent } from "../ledger/records.ts";
import { mayFollow } from "../machine.ts";
import { askFor, type Made, madeElsewhere, outcomeElsewhere } from "./heard.ts";

const pollMs = 2_000;
const say = (line: string) => info("progress", { step: "verify", line });

/** Of the ledger's events: a check that was made. */
const kind = "check";

/**
 * Makes every check, and writes each down in the ledger. A release that is taken back meanwhile (its deadline, a SIGTERM) ends them: nothing
 * may write to a site while its seal is put back. What is made elsewhere is asked for when all that is made here is good.
 * @param told what that came to; undefined: nobody was asked yet.
 * @returns what failed, for a person; undefined: nothing; `unheard`: it was asked for. @throws what called the step off
 */
export async function runChecks(
  context: Context,
  job: ReleaseJob,
  ledger: Pick<Book, "release" | "ask" | "events">,
  told?: readonly CheckOutcome[],
): Promise<string | undefined | typeof unheard> {
  const { checks = [], release } = job;
  if (checks.length === 0) return undefined;
  if (release.rollbackTo !== undefined) {
    say(`${checks.length} checks are left out: what comes back has stood before them`);
    return undefined;
  }
  const elsewhere = madeElsewhere(job);
  const passed = told === undefined ? [] : passedIn(await ledger.events(release.id));
  const here = checks.filter((check): check is HereCheck => check.kind !== "image" && !passed.includes(check.name));
  const problem = await makeAll(context, job, ledger, here, (watched, check) => outcomeOf(watched, job, check));
  if (problem !== undefined || elsewhere.length === 0) return problem;
  if (told === undefined) {
    askFor(release.id, elsewhere);
    return unheard;
  }
  return makeAll(context, job, ledger, elsewhere, async (watched, { name, site }) => {
    const { problem, seconds } = outcomeElsewhere(told, name);
    return { problem: problem ?? (await cacheProblem(watched, job, site)), seconds };
  });
}

/** Checks that were good since the release was migrated, or its trial began: whoever asks for the others has made them. */
function passedIn(events: readonly ReleaseEvent[]): readonly string[] {
  const since = events.findLastIndex((event) => ["migrated", "trial"].includes(event.kind) && event.site === "");
  const last = new Map(
    events
      .slice(since + 1)
      .filter((event) => event.kind === kind)
      .map(({ facts }) => [String(facts["name"]), facts["ok"] === true]),
  );
  return [...last].flatMap(([name, ok]) => (ok ? [name] : []));
}

async function makeAll<Check extends ReleaseCheck>(
  context: Context,
  { release }: ReleaseJob,
  ledger: Pick<Book, "release" | "ask">,
  checks: readonly Check[],
  make: (context: Context, check: Check) => Promise<Made>,
): Promise<string | undefined> {
  const problems: string[] = [];
  const ended = await whileOnTrial(context, ledger, release.id, async (watched) => {
    for (const check of checks) {
      const { name, site } = check;
      if (check.kind !== "image") say(`check ${name} begins on ${site}, for at most ${check.limit} s`);
      const { problem, seconds } = await make(watched, check);
      const facts = { name, site, ok: problem === undefined, seconds };
      await ledger.ask(release.id, kind, { ...facts, ...(problem !== undefined && { problem }) });
      say(`check ${name} ${problem === undefined ? "is good" : "has failed"}, after ${seconds} s`);
      if (problem !== undefined) problems.push(`check ${name} failed: ${problem}`);
    }
    return undefined;
  });
  if (ended !== undefined) problems.push(ended);
  return problems.length === 0 ? undefined : problems.join("; ");
}

/**
 * Looks at a new set for as long as its release may be verified: once it goes back, nothing of ours may touch a site whose seal is put back.
 * @returns what the work has found, or that it was ended, and why
 */
export async function whileOnTrial<Found>(
  context: Context,
  ledger: Pick<Book, "release">,
  id: string,
  work: (watched: Context) => Promise<Found>,
): Promise<Found | string> {
  const over = new AbortController();
  const watching = watch(ledger, id, over);
  try {
    return await work({ ...context, signal: AbortSignal.any([context.signal, over.signal]) });
  } catch (error) {
    if (context.signal.aborted || !over.signal.aborted) throw error;
    return messageOf(over.signal.reason);
  } finally {
    over.abort();
    await watching;
  }
}

/** Calls everything off once the release may no longer be verified. */
async function watch(ledger: Pick<Book, "release">, id: string, over: AbortController): Promise<void> {
  while (!over.signal.aborted) {
    // A ledger that is away for a moment ends nothing: the next look may find it.
    const state = await ledger.release(id).then(
      (release) => release?.state,
      () => undefined,
    );
    if (state !== undefined && !mayFollow(state, "verified")) {
      over.abort(new Error(`the release is ${state}: it is looked at no more`));
    }
    await sleep(pollMs, undefined, { signal: over.signal }).catch(() => undefined);
  }
}

async function outcomeOf(context: Context, job: ReleaseJob, check: HereCheck): Promise<Made> {
  const started = performance.now();
  const made = await problemIn(context, () => makeCheck(context, job, check));
  const cleared = await cacheProblem(context, job, check.site);
  return { problem: made ?? cleared, seconds: Math.round((performance.now() - started) / 100) / 10 };
}

/** After a check: documents that it has read or changed and that are no more stand in redis_cache. */
const cacheProblem = (context: Context, job: ReleaseJob, site: string) =>
  problemIn(context, () => clearCache(context, job, site));

/** What it failed with. @throws what called it off */
async function problemIn({ signal }: Context, work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}
