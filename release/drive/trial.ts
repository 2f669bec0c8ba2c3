/**
 * A release of code only: nothing is closed, sealed or migrated. It is tried beside the old one for a time, and passes or is called off;
 * whatever ends the trial early calls it off as well, since nothing has to be put back.
 */
import { isCodeOnly } from "../../constants/strategies.ts";
import type { Release } from "../ledger/records.ts";
import { goBack } from "./back.ts";
import { moveOn, Refused, type Run, releaseOf, sitesOf } from "./run.ts";

const tooLate = "nobody verified the new set within the time of its trial";

/**
 * The strategy is no part of a release's identity, and whether writes close is the operator's to know beforehand: what was begun in one way
 * is not ended in another. Sites that are closed already are not left so for it. @throws Refused
 */
export function refuseOtherWay({ wanted }: Run, { id, state, facts }: Release): void {
  const [begun, asked] = [facts["strategy"], wanted.facts["strategy"]];
  if (!["prepared", "backed_up", "trial"].includes(state)) return;
  if (begun === asked || (!isCodeOnly(begun) && !isCodeOnly(asked))) return;
  throw new Refused(
    `release ${id} was begun as ${String(begun)}, and frappe:release.strategy is ${String(asked)} now: put it back, or raise frappe:release.attempt for a release of its own`,
  );
}

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

/** A judge's answer that has to hear of checks first, which are made elsewhere: nothing is moved, and the step is run again. */
export const unheard = Symbol("unheard");

/** Answers what speaks against the new set; undefined: it may have the traffic. */
export type Judge = () => Promise<string | undefined | typeof unheard>;

/**
 * Ends the trial: with `verified`, or called off with its reason; or leaves it as it is, where the judge has not heard all.
 * @throws WentBack
 */
export async function endTrial(run: Run, judge: Judge): Promise<void> {
  const inTime = async () => {
    if ((await releaseOf(run)).leftMs <= 0) throw new Error(tooLate);
  };
  const release = await releaseOf(run);
  if (release.state !== "trial") return;
  refuseOtherWay(run, release);
  try {
    await inTime();
    // With the new code, as at the end: what cannot be done then is found while it can still be called off.
    for (const { site } of await sitesOf(run)) await run.world.refresh(site);
    const problem = await judge();
    if (problem === unheard) return;
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
