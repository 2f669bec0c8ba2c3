/**
 * A release of code only: nothing is closed, sealed or migrated. It is tried beside the old one for a time, and passes or is called off;
 * whatever ends the trial early calls it off as well, since nothing has to be put back.
 */
import { goBack } from "./back.ts";
import { moveOn, type Run, releaseOf, sitesOf } from "./run.ts";

const tooLate = "nobody verified the new set within the time of its trial";

/** From here on the guard lets the new web run. @throws when its time is up */
export async function beginTrial(run: Run): Promise<void> {
  const { state, leftMs } = await releaseOf(run);
  if (state === "backed_up") {
    await moveOn(run, ["backed_up", "trial"], { times: { deadline: run.wanted.holdMs } });
    run.say("nothing is migrated, and writes stay open; the new set may come up beside the old one");
  } else if (state === "trial" && leftMs <= 0) {
    throw new Error(tooLate);
  }
}

/**
 * Ends the trial: with `verified`, or called off with its reason.
 * @param judge answers what speaks against the new set; undefined: it may have the traffic.
 * @throws WentBack
 */
export async function endTrial(run: Run, judge: () => Promise<string | undefined>): Promise<void> {
  const inTime = async () => {
    if ((await releaseOf(run)).leftMs <= 0) throw new Error(tooLate);
  };
  if ((await releaseOf(run)).state !== "trial") return;
  try {
    await inTime();
    const problem = await judge();
    if (problem !== undefined) throw new Error(problem);
    await run.point("judged");
    await inTime();
    await moveOn(run, ["trial", "verified"]);
    run.say("the new set serves as the old one does; nothing goes back by itself from here on");
  } catch (error) {
    await goBack(run, error);
  }
}

/** Ends a verified release: traffic has moved, and there is nothing to open. Runs again after a kill until it is done. */
export async function confirmCode(run: Run): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  for (const { site, state } of await sitesOf(run)) {
    if (state !== "pending") continue;
    await run.point(`refreshing:${site}`);
    await world.refresh(site);
    await run.point(`refreshed:${site}`);
    await ledger.moveSite(hold, wanted.id, site, ["pending", "released"]);
  }
  await moveOn(run, ["verified", "confirmed"]);
  say(`release ${wanted.id} stands; writes were open all the time`);
}
