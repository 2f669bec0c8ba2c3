/**
 * One release at a time. One that was left on its way (its `up` was killed, its stack file put back, its way back got stuck) is taken back
 * before another begins, so that a revert, or a raised attempt, always leads on. Whoever is still at work on one has the right to write, and
 * nobody comes here.
 */
import { messageOf } from "../../backup/log.ts";
import { isEnd } from "../machine.ts";
import { goBack } from "./back.ts";
import { finishWayBack } from "./forward.ts";
import { Refused, type Run, WentBack } from "./run.ts";

/** @throws Refused where another release can only go forward, or its way back fails */
export async function endOthers(run: Run): Promise<void> {
  const { ledger, wanted, say } = run;
  const open = (await ledger.releases()).find(({ id, state }) => id !== wanted.id && !isEnd(state));
  if (open === undefined) return;
  if (open.state === "verified") {
    throw new Refused(
      `nothing was changed; release ${open.id} is verified, and its new set may have the traffic: there is no way back from there, run \`pulumi up\` with what it was made of again, which ends it`,
    );
  }
  say(`release ${open.id} was left ${open.state}, and nobody is at work on it: it goes back first`);
  const back = () => run.back(open);
  const own: Run = { ...run, wanted: { ...wanted, id: open.id }, world: back(), back, reached: () => {} };
  try {
    await finishWayBack(own);
    await goBack(own, new Error(`release ${wanted.id} was asked for in its place`));
  } catch (error) {
    if (!(error instanceof WentBack)) throw error;
    const state = (await ledger.release(open.id))?.state;
    if (state !== undefined && !isEnd(state)) throw new Refused(`release ${open.id}: ${messageOf(error)}`);
    say(`release ${open.id} is ${state ?? "gone"}: every site is as it was before it`);
  }
}
