/** The way back: from wherever it failed to what stood before, and the old version may serve again. */
import { messageOf } from "../../backup/log.ts";
import { Overtaken } from "../ledger/ledger.ts";
import type { ReleaseSite } from "../ledger/records.ts";
import { type SiteState, wayBack } from "../machine.ts";
import type { Remembered } from "../world.ts";
import { archivedBy, queueBefore } from "./forward.ts";
import { moveOn, patiently, type Run, releaseOf, sealOf, sitesOf, WentBack } from "./run.ts";

/** What is true after every way back, also where the old set has gone already (strategy recreate) and nobody serves. */
export const asBefore = "every site is as it was before, and writes are open";

/**
 * Takes the release back, and ends with an error that says why, whatever it was that ended the way forward: a failure, the time limit, a
 * SIGTERM. Whoever was overtaken does nothing: another has it in hand. Killed on the way, it is ended by the next step.
 * @throws WentBack, or Overtaken
 */
export async function goBack(run: Run, error: unknown): Promise<never> {
  if (error instanceof Overtaken || error instanceof WentBack) throw error;
  // What was under way when the work was called off ends with words of its own.
  const reason = messageOf(run.signal.aborted ? run.signal.reason : error);
  const { say } = run;
  run.back();
  const { state } = await patiently(run.back, () => releaseOf(run));
  const way = wayBack(state);
  if (way === undefined) throw error;
  say(`failed in ${state}: ${reason}; going back`);
  if (way === "aborted") {
    await endSites(run, "untouched", { reason });
    await moveOn(run, [state, "aborted"], { reason });
  } else {
    await moveOn(run, [state, way], { reason });
    await finishGoingBack(run);
  }
  throw new WentBack(`${reason}; ${asBefore}`, { cause: error });
}

/** Ends a way back that was begun, by this process or by one that died. */
export async function finishGoingBack(run: Run): Promise<void> {
  const { say } = run;
  const { state, reason } = await releaseOf(run);
  if (state === "aborting") {
    await endSites(run, "untouched");
    await reopen(run);
    await moveOn(run, ["aborting", "aborted"], { times: { opened: true } });
    say("nothing was written; writes are open again");
  } else if (state === "rolling_back") {
    await rollBack(run, reason);
  }
}

const backFailed = "; and the way back failed: ";

/** Why a release goes back, without what has kept it from that before. */
export const causeOf = (reason: string): string => reason.split(backFailed)[0] ?? "";

async function rollBack(run: Run, reason: string): Promise<void> {
  const { say } = run;
  const failed: string[] = [];
  for (const site of await sitesOf(run)) {
    try {
      await siteBack(run, site);
    } catch (error) {
      if (error instanceof Overtaken) throw error;
      // Out of time: nothing is wrong with the seal, and the next step goes on from here.
      run.back();
      failed.push(`${site.site}: ${messageOf(error)}`);
    }
  }
  if (failed.length > 0) {
    const now = `${causeOf(reason)}${backFailed}${failed.join("; ")}`;
    await moveOn(run, ["rolling_back", "needs_human"], { reason: now });
    throw new WentBack(
      `${now}; writes stay closed, nothing was deleted, the seals are in the ledger; put it right, put the stack file back (or raise frappe:release.attempt), and run \`pulumi up\`: it takes this way back once more, before all else`,
    );
  }
  await reopen(run);
  await moveOn(run, ["rolling_back", "rolled_back"], { times: { opened: true } });
  say("every site is as it was sealed; writes are open again");
}

async function siteBack(run: Run, site: ReleaseSite): Promise<void> {
  const { wanted, ledger, hold, say } = run;
  const world = run.back();
  const move = (to: SiteState) => ledger.moveSite(hold, wanted.id, site.site, [site.state, to]);
  const sealed = sealOf(site);
  switch (site.state) {
    case "pending":
    case "sealed":
      return move("untouched");
    case "creating":
    case "migrating":
    case "ready":
    case "needs_human":
      await world.alone();
      if (sealed === undefined) {
        await run.point(`removing:${site.site}`);
        await world.remove(site.site);
        await run.point(`removed:${site.site}`);
        return move("removed");
      }
      await run.point(`restoring:${site.site}`);
      await world.restore(site.site, sealed);
      await run.point(`restored:${site.site}`);
      say(`${site.site}: its seal is put back`);
      return move("restored");
    default:
      return undefined;
  }
}

/** Goes on calling a release off where a process died between the end of its sites and its own. @throws WentBack */
export async function finishCallingOff(run: Run): Promise<void> {
  const { state } = await releaseOf(run);
  if (!["prepared", "backed_up", "trial"].includes(state)) return;
  const ended = (await sitesOf(run)).find((site) => site.state === "untouched");
  if (ended !== undefined) await goBack(run, new Error(String(ended.facts["reason"])));
}

async function endSites(run: Run, end: "untouched", facts: Remembered = {}): Promise<void> {
  for (const { site, state } of await sitesOf(run)) {
    if (state !== end) await run.ledger.moveSite(run.hold, run.wanted.id, site, [state, end], facts);
  }
}

/** Flags and queue as they were, of all that this release has touched. */
async function reopen(run: Run): Promise<void> {
  const world = run.back();
  for (const { site, facts } of await sitesOf(run)) {
    if (facts["flags"] !== undefined) {
      await run.point(`reopening:${site}`);
      await world.open(site, facts["flags"] as Remembered);
    }
  }
  for (const site of await archivedBy(run)) await world.revive(site);
  const queue = await queueBefore(run);
  if (queue !== undefined) await world.resume(queue);
}
