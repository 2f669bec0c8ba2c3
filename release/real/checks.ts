/** The stack's own checks of a new set, before traffic moves to it: all of them are made, one after the other, and each failure is told. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { info, messageOf } from "../../backup/log.ts";
import { makeCheck } from "../bench/checks.ts";
import { clearCache } from "../bench/commands.ts";
import type { Book } from "../drive/run.ts";
import type { ReleaseCheck, ReleaseJob } from "../job.ts";
import { mayFollow } from "../machine.ts";

const pollMs = 2_000;
const say = (line: string) => info("progress", { step: "verify", line });

/**
 * Makes every check, and writes each down in the ledger. A release that is taken back meanwhile (its deadline, a SIGTERM) ends them: nothing
 * may write to a site while its seal is put back.
 * @returns what failed, for a person; undefined: nothing. @throws what called the step off
 */
export async function runChecks(
  context: Context,
  job: ReleaseJob,
  ledger: Pick<Book, "release" | "ask">,
): Promise<string | undefined> {
  const { checks = [], release } = job;
  if (checks.length === 0) return undefined;
  if (release.rollbackTo !== undefined) {
    say(`${checks.length} checks are left out: what comes back has stood before them`);
    return undefined;
  }
  const over = new AbortController();
  const watching = watch(ledger, release.id, over);
  const watched = { ...context, signal: AbortSignal.any([context.signal, over.signal]) };
  const problems: string[] = [];
  try {
    for (const check of checks) {
      const { name } = check;
      say(`check ${name} begins on ${check.site}, for at most ${check.limit} s`);
      const { problem, seconds } = await outcomeOf(watched, job, check);
      const facts = { name, site: check.site, ok: problem === undefined, seconds };
      await ledger.ask(release.id, "check", { ...facts, ...(problem !== undefined && { problem }) });
      say(`check ${name} ${problem === undefined ? "is good" : "has failed"}, after ${seconds} s`);
      if (problem !== undefined) problems.push(`check ${name} failed: ${problem}`);
    }
  } catch (error) {
    if (context.signal.aborted || !over.signal.aborted) throw error;
    problems.push(messageOf(over.signal.reason));
  } finally {
    over.abort();
    await watching;
  }
  return problems.length === 0 ? undefined : problems.join("; ");
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
      over.abort(new Error(`the release is ${state}: its checks were ended`));
    }
    await sleep(pollMs, undefined, { signal: over.signal }).catch(() => undefined);
  }
}

async function outcomeOf(
  context: Context,
  job: ReleaseJob,
  check: ReleaseCheck,
): Promise<{ readonly problem: string | undefined; readonly seconds: number }> {
  const started = performance.now();
  const made = await problemIn(context, () => makeCheck(context, job, check));
  // Documents that it has read and that are no more: Frappe keeps them in redis_cache.
  const cleared = await problemIn(context, () => clearCache(context, job, check.site));
  return { problem: made ?? cleared, seconds: Math.round((performance.now() - started) / 100) / 10 };
}

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
