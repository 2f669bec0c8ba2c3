/** The way back: from wherever it failed to what stood before, and the old version may serve again. */
import { messageOf } from "../../backup/log.ts";
import { Overtaken } from "../ledger/ledger.ts";
import type { ReleaseSite } from "../ledger/records.ts";
import { isEnd, type SiteState, wayBack } from "../machine.ts";
import type { Remembered } from "../world.ts";
import { queueBefore } from "./forward.ts";
import { moveOn, type Run, releaseOf, sealOf, sitesOf, WentBack } from "./run.ts";

/**
 * Takes the release back, and ends with an error that says why. Whoever was overtaken does nothing: another has it in hand.
 * @throws WentBack, or Overtaken
 */
export async function goBack(run: Run, error: unknown): Promise<never> {
  if (error instanceof Overtaken || error instanceof WentBack) throw error;
  const reason = messageOf(error);
  const { say } = run;
  const { state } = await releaseOf(run);
  const way = wayBack(state);
  if (way === undefined) throw error;
  say(`failed in ${state}: ${reason}; going back`);
  if (way === "aborted") {
    await endSites(run, "untouched");
    await moveOn(run, [state, "aborted"], { reason });
  } else {
    await moveOn(run, [state, way], { reason });
    await finishGoingBack(run);
  }
  throw new WentBack(`${reason}; everything is as it was before, and the old version serves`, { cause: error });
}

/** Ends a way back that was begun, by this process or by one that died. */
export async function finishGoingBack(run: Run): Promise<void> {
  const { say } = run;
  const { state, reason } = await releaseOf(run);
  if (state === "aborting") {
    await endSites(run, "untouched");
    await reopen(run);
    await moveOn(run, ["aborting", "aborted"]);
    say("nothing was written; writes are open again");
  } else if (state === "rolling_back") {
    await rollBack(run, reason);
  }
}

async function rollBack(run: Run, reason: string): Promise<void> {
  const { say } = run;
  const failed: string[] = [];
  for (const site of await sitesOf(run)) {
    try {
      await siteBack(run, site);
    } catch (error) {
      if (error instanceof Overtaken) throw error;
      failed.push(`${site.site}: ${messageOf(error)}`);
    }
  }
  if (failed.length > 0) {
    const now = `${reason}; and the way back failed: ${failed.join("; ")}`;
    await moveOn(run, ["rolling_back", "needs_human"], { reason: now });
    throw new WentBack(`${now}; writes stay closed, nothing was deleted; the seals are in the ledger`);
  }
  await reopen(run);
  await moveOn(run, ["rolling_back", "rolled_back"]);
  say("every site is as it was sealed; writes are open again");
}

async function siteBack(run: Run, site: ReleaseSite): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
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
      if (sealed === undefined) {
        await world.remove(site.site);
        await run.point(`removed:${site.site}`);
        return move("removed");
      }
      await world.restore(site.site, sealed);
      await run.point(`restored:${site.site}`);
      say(`${site.site}: its seal is put back`);
      return move("restored");
    default:
      return undefined;
  }
}

async function endSites(run: Run, end: "untouched"): Promise<void> {
  for (const { site, state } of await sitesOf(run)) {
    if (state !== end) await run.ledger.moveSite(run.hold, run.wanted.id, site, [state, end]);
  }
}

/** Flags and queue as they were, of all that this release has touched. */
async function reopen(run: Run): Promise<void> {
  for (const { site, facts } of await sitesOf(run)) {
    if (facts["flags"] !== undefined) {
      await run.point(`reopening:${site}`);
      await run.world.open(site, facts["flags"] as Remembered);
    }
  }
  const queue = await queueBefore(run);
  if (queue !== undefined) await run.world.resume(queue);
}

/** Whether the release is over, or a person is asked for. */
export const isSettled = (state: Parameters<typeof isEnd>[0]): boolean => isEnd(state) || state === "needs_human";
