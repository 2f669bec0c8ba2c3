/** The way forward: each step begins where the ledger says that the last one ended, whoever made it. */
import { isCodeOnly } from "../../constants/strategies.ts";
import type { ReleaseSite } from "../ledger/records.ts";
import { isEnd, type ReleaseState } from "../machine.ts";
import type { Remembered } from "../world.ts";
import { asBefore, causeOf, finishCallingOff, finishGoingBack, goBack } from "./back.ts";
import { againstCodeOnly } from "./code-only.ts";
import { againstFollowing, pastOf } from "./history.ts";
import { endOthers } from "./others.ts";
import { inspectUndo, refuseFormer, rehearse, returnSite, tellUndo, undoIn } from "./undo.ts";
import { beginTrial, confirmCode, refuseOtherWay } from "./trial.ts";
import { moveOn, Refused, type Run, releaseOf, sealOf, sitesOf, WentBack } from "./run.ts";

/** Tries of one site's migration that may be cut off by a kill; what is killed again and again is killed for a reason. */
const mostTries = 2;

/** Takes back what another release has left, checks everything, and changes nothing else but the ledger. @throws Refused with every problem at once */
export async function prepare(run: Run): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  const known = await ledger.release(wanted.id);
  await endOthers(run);
  if (known?.state === "confirmed") {
    await refuseFormer(run);
    say(`release ${wanted.id} stands`);
    return;
  }
  if (known !== undefined && isEnd(known.state)) {
    throw new Refused(
      `release ${wanted.id} has failed (${known.state}: ${known.reason}); put the cause right, then raise frappe:release.attempt`,
    );
  }
  if (known !== undefined) {
    refuseOtherWay(run, known);
    const asked = known.state === "needs_human" ? ": its way back is tried again" : "";
    say(`release ${wanted.id} goes on from ${known.state}${asked}`);
    return;
  }
  const { standing, problems: found, facts } = await world.inspect(await pastOf(ledger));
  const { problems: against, undo } = await inspectUndo(run, standing);
  const releases = await ledger.releases();
  const { sites } = wanted;
  const codeOnly = againstCodeOnly(releases, { facts: { ...wanted.facts, ...facts }, sites, standing });
  const problems = [...againstFollowing(releases, wanted.facts), ...codeOnly, ...found, ...against];
  if (problems.length > 0) {
    throw new Refused(
      `nothing was changed; ${problems.length === 1 ? "" : `${problems.length} problems: `}${problems.join("; ")}`,
    );
  }
  const before = releases.findLast(({ state }) => state === "confirmed");
  await run.point("inspected");
  await ledger.begin(
    hold,
    { id: wanted.id, from: before?.id ?? "", facts: { ...wanted.facts, ...facts, standing, ...tellUndo(run, undo) } },
    sites,
  );
  await run.point("begun");
  say(
    `release ${wanted.id} may begin: ${standing.length} sites stand, ${wanted.sites.length - standing.length} are new`,
  );
}

/** A step of a release that failed is not done, however it came to be asked for. @throws WentBack */
async function refuseEnded(run: Run): Promise<void> {
  const { id, state, reason } = await releaseOf(run);
  if (state === "aborted" || state === "rolled_back") {
    throw new WentBack(`release ${id} is ${state} (${reason}): ${asBefore}; raise frappe:release.attempt`);
  }
}

const standingOf = (facts: Readonly<Record<string, unknown>>): ReadonlySet<string> =>
  new Set(facts["standing"] as string[]);

/** Backs each standing site up while it is in use. */
export async function backUp(run: Run): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  await refuseEnded(run);
  await finishCallingOff(run);
  const release = await releaseOf(run);
  if (release.state !== "prepared") return;
  const standing = standingOf(release.facts);
  try {
    await world.alone();
    for (const { site, facts } of await sitesOf(run)) {
      if (!standing.has(site) || facts["backup"] !== undefined) continue;
      const backup = await world.backUp(site);
      await run.point(`backed-up:${site}`);
      await ledger.moveSite(hold, wanted.id, site, ["pending", "pending"], { backup });
      say(`${site}: backed up and restored into scratch, ${backup.tables} tables and ${backup.rows} rows alike`);
    }
    await rehearse(run);
    await moveOn(run, ["prepared", "backed_up"]);
  } catch (error) {
    await goBack(run, error);
  }
}

/** In which `migrate` has something to do. */
const underWay: readonly ReleaseState[] = ["backed_up", "closing", "closed", "sealed", "migrating"];

/**
 * Closes writes, seals, makes and migrates the sites: until `migrated`, or all the way back. A release of code only is put on trial, and does
 * none of it. @throws WentBack
 */
export async function migrate(run: Run): Promise<void> {
  await refuseEnded(run);
  await finishWayBack(run);
  const release = await releaseOf(run);
  refuseOtherWay(run, release);
  try {
    if (isCodeOnly(release.facts["strategy"])) return await beginTrial(run);
    // Before writes are closed: a backup takes as long as it takes, and one of a site that is half migrated would pass for a good one.
    if (underWay.includes(release.state)) await run.world.alone();
    await close(run);
    await seal(run);
    await write(run);
  } catch (error) {
    await goBack(run, error);
  }
}

/** A way back that a dead process had begun is ended first, and is the end. */
export async function finishWayBack(run: Run): Promise<void> {
  const { state, reason } = await releaseOf(run);
  await finishCallingOff(run);
  // A person has put right what stood in the way, and asks for the way back once more.
  if (state === "needs_human") await moveOn(run, [state, "rolling_back"]);
  if (["aborting", "rolling_back", "needs_human"].includes(state)) {
    run.say(`release ${run.wanted.id} was going back (${reason})`);
    await finishGoingBack(run);
    throw new WentBack(`${causeOf(reason)}; ${asBefore}`);
  }
}

async function close(run: Run): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  const { state, facts } = await releaseOf(run);
  if (state === "backed_up") {
    await moveOn(run, ["backed_up", "closing"], { times: { closed: true } });
  } else if (state !== "closing") {
    return;
  }
  const standing = standingOf(facts);
  const closing = (await sitesOf(run)).filter(({ site }) => standing.has(site));
  for (const each of closing) {
    // Remembered before the first is touched: a second try would remember what the first has set.
    if (each.facts["flags"] === undefined) {
      const flags = await world.flagsOf(each.site);
      await ledger.moveSite(hold, wanted.id, each.site, ["pending", "pending"], { flags });
    }
    await run.point(`closing:${each.site}`);
    await world.close(each.site);
    await run.point(`closed:${each.site}`);
  }
  for (const site of wanted.archived) {
    if (!(await world.toArchive(site))) continue;
    await ledger.note(hold, wanted.id, "archive", {}, site);
    await world.archive(site);
    say(`${site}: archived; it is out of use, and nothing of it is dropped`);
  }
  if ((await queueBefore(run)) === undefined) {
    await ledger.note(hold, wanted.id, "queue", await world.queueState());
  }
  await run.point("draining");
  await world.drain();
  say("no job runs");
  for (const { site } of closing) {
    const seen = await world.untilClosed(site);
    await world.quiet(site);
    say(
      seen === "closed"
        ? `${site}: writes are closed`
        : `${site}: nobody serves it (connection refused or 502, all the time), so nobody writes to it`,
    );
  }
  await moveOn(run, ["closing", "closed"]);
}

/** Sites that this release has archived, or was about to. */
export async function archivedBy({ ledger, wanted }: Run): Promise<readonly string[]> {
  return (await ledger.events(wanted.id)).filter(({ kind }) => kind === "archive").map(({ site }) => site);
}

/** How the queue was before this release touched it; undefined: it has not. */
export async function queueBefore({ ledger, wanted }: Run): Promise<Remembered | undefined> {
  return (await ledger.events(wanted.id)).find(({ kind }) => kind === "queue")?.facts;
}

async function seal(run: Run): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  const { state, facts } = await releaseOf(run);
  if (state !== "closed") return;
  await world.still();
  const standing = standingOf(facts);
  for (const { site, state: at } of await sitesOf(run)) {
    if (!standing.has(site) || at !== "pending") continue;
    await world.refuseOpened(site);
    const sealed = await world.seal(site);
    await run.point(`sealed:${site}`);
    await ledger.moveSite(hold, wanted.id, site, ["pending", "sealed"], { seal: sealed });
    say(`${site}: sealed, ${sealed.tables} tables and ${sealed.rows} rows`);
  }
  await moveOn(run, ["closed", "sealed"]);
}

async function write(run: Run): Promise<void> {
  const { wanted, world, say } = run;
  const { state, facts } = await releaseOf(run);
  const undo = undoIn(facts);
  if (state === "sealed") {
    await moveOn(run, ["sealed", "migrating"]);
  } else if (state !== "migrating") {
    return;
  }
  // From this state on no guard lets one of the old release come back.
  await run.point("ending-workers");
  await world.endWorkers();
  try {
    for (const site of await sitesOf(run)) {
      if (undo !== undefined) await returnSite(run, undo, site);
      else await (sealOf(site) === undefined ? make(run, site) : migrateSite(run, site));
    }
  } finally {
    await world.endChecks();
  }
  await world.still();
  // Whoever was let in a moment before the guards closed is here by now.
  await world.endWorkers();
  await moveOn(run, ["migrating", "migrated"], { times: { deadline: wanted.holdMs } });
  say(`every site is on the new schema; writes stay closed until the new set is verified`);
}

async function migrateSite(run: Run, each: ReleaseSite): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  const { site, state, facts } = each;
  const sealed = sealOf(each);
  if (state === "ready" || sealed === undefined) return;
  const tries = Number(facts["tries"] ?? 0);
  if (state === "migrating") {
    // Its runner is dead: a patch may be half done, and would be done twice.
    if (tries >= mostTries) {
      throw new Error(`${site}: its migration was cut off ${tries} times (out of memory? evicted?)`);
    }
    say(`${site}: its migration was cut off; the seal is put back, and it begins anew`);
    await world.restore(site, sealed);
    await run.point(`restored-again:${site}`);
    await ledger.moveSite(hold, wanted.id, site, ["migrating", "sealed"]);
  }
  await world.refuseOpened(site);
  await ledger.moveSite(hold, wanted.id, site, ["sealed", "migrating"], { tries: tries + 1 });
  await run.point(`migrating:${site}`);
  await world.migrate(site);
  await run.point(`migrated:${site}`);
  await world.check(site);
  await ledger.moveSite(hold, wanted.id, site, ["migrating", "ready"]);
  say(`${site}: migrated, and well`);
}

async function make(run: Run, { site, state }: ReleaseSite): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  if (state === "ready") return;
  if (state === "pending") await ledger.moveSite(hold, wanted.id, site, ["pending", "creating"]);
  await run.point(`creating:${site}`);
  await world.create(site);
  await run.point(`created:${site}`);
  await world.check(site);
  await ledger.moveSite(hold, wanted.id, site, ["creating", "ready"]);
  say(`${site}: made, and well`);
}

/** The new set serves: nothing goes back by itself from here on. */
export const verified = (run: Run): Promise<void> => moveOn(run, ["migrated", "verified"]);

/** Opens writes, and ends the release. Runs again after a kill until it is done. */
export async function confirm(run: Run): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  const { state, reason, facts: known } = await releaseOf(run);
  if (state === "confirmed") {
    say(`release ${wanted.id} stands`);
    return;
  }
  if (state !== "verified") throw new WentBack(`release ${wanted.id} is ${state}${reason === "" ? "" : `: ${reason}`}`);
  if (isCodeOnly(known["strategy"])) return confirmCode(run);
  for (const { site, state: at, facts } of await sitesOf(run)) {
    await run.point(`opening:${site}`);
    await world.open(site, (facts["flags"] ?? {}) as Remembered);
    await run.point(`opened:${site}`);
    await world.keep(site);
    if (at === "ready") await ledger.moveSite(hold, wanted.id, site, ["ready", "released"]);
  }
  await run.point("resuming");
  await world.resume((await queueBefore(run)) ?? {});
  await moveOn(run, ["verified", "confirmed"], { times: { opened: true } });
  say(`release ${wanted.id} stands, and writes are open`);
}
