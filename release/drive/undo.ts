/**
 * Rollback on purpose: a release of its own that puts back what an earlier one had left. In place of a migration each site is restored from
 * the seal of the release that followed the target, taken when writes were closed to leave it. What is there now is sealed first, as always.
 */
import { messageOf } from "../../backup/log.ts";
import type { Facts, Release, ReleaseSite } from "../ledger/records.ts";
import type { Sealed } from "../world.ts";
import { differences, refusal } from "./undo-rules.ts";
import { type Book, Refused, type Run, releaseOf, sealOf, sitesOf } from "./run.ts";

/** Where a site goes back to. */
interface Return {
  readonly seal: Sealed;
  /** The first release after the target that wrote to the site, and sealed it before. */
  readonly by: string;
  /** Milliseconds since 1970. What was written later is no longer in the site, and is kept in the seal that this release takes of it. */
  readonly sealedAt: number;
}

/** Kept in the facts of the release that goes back. */
export interface Undo {
  readonly target: string;
  /** A site that no release has written to since then (it was archived) is not among them: it is as the target left it. */
  readonly sites: Readonly<Record<string, Return>>;
}

/** What speaks against going back, and, where nothing does, how it is done. */
interface Found {
  readonly problems: readonly string[];
  readonly undo?: Undo;
}

/** Tries to put one site back that may be cut off by a kill. */
const mostTries = 3;

const key = "undo";
export const undoIn = (facts: Facts): Undo | undefined => facts[key] as Undo | undefined;

const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** Reads only. @param standing sites that are there */
export async function inspectUndo(run: Run, standing: readonly string[]): Promise<Found> {
  const { wanted, ledger, world } = run;
  const rollbackTo = wanted.facts["rollbackTo"];
  if (typeof rollbackTo !== "string") return { problems: [] };
  const releases = await ledger.releases();
  const refused = refusal(releases, rollbackTo, wanted.facts);
  if (refused !== undefined) return { problems: [refused] };
  const target = releases.find(({ id }) => id === rollbackTo);
  if (target === undefined) throw new Error(`release ${rollbackTo} is not in the ledger`);
  const problems = [...differences(target, wanted.facts)];
  const sites = await returns(run, { target, releases, standing }, problems);
  try {
    const seals = new Map(Object.entries(sites).map(([site, { seal }]) => [site, seal]));
    problems.push(...(await world.lostSeals(seals)));
  } catch (error) {
    problems.push(`the seals of the sites cannot be looked for: ${messageOf(error)}`);
  }
  return problems.length > 0 ? { problems } : { problems, undo: { target: target.id, sites } };
}

interface Asked {
  readonly target: Release;
  /** All, the oldest first. */
  readonly releases: readonly Release[];
  readonly standing: readonly string[];
}

async function returns(
  { wanted, ledger }: Run,
  { target, releases, standing }: Asked,
  problems: string[],
): Promise<Record<string, Return>> {
  const had = new Set((await ledger.sites(target.id)).map(({ site }) => site));
  const writers = await firstWriters(ledger, releases, target);
  const found: Record<string, Return> = {};
  for (const site of wanted.sites) {
    const writer = writers.get(site);
    if (!had.has(site)) {
      problems.push(
        `${site}: release ${target.id} did not have this site; take it out of frappe:sites, or declare it archived first: it is kept as it is, never dropped`,
      );
    } else if (!standing.includes(site)) {
      problems.push(`${site}: it is not there, so that there is nothing to seal; restore it from its backup first`);
    } else if (writer?.seal === undefined) {
      if (writer === undefined) continue;
      problems.push(
        `${site}: the ledger has no seal of it that release ${writer.by} took when ${target.id} was left; ` +
          `restore the site from a backup, or release the image of ${target.id} anew without frappe:release.rollbackTo`,
      );
    } else {
      found[site] = { ...writer, seal: writer.seal };
    }
  }
  return found;
}

type Writer = Omit<Return, "seal"> & { readonly seal: Sealed | undefined };

/** By site, the first release after the target that stood with it. */
async function firstWriters(ledger: Book, releases: readonly Release[], target: Release) {
  const found = new Map<string, Writer>();
  const after = releases.slice(releases.findIndex(({ id }) => id === target.id) + 1);
  for (const { id, closedAt } of after.filter(({ state }) => state === "confirmed")) {
    const times = await sealTimes(ledger, id);
    for (const each of await ledger.sites(id)) {
      if (found.has(each.site)) continue;
      found.set(each.site, { by: id, seal: sealOf(each), sealedAt: times.get(each.site) ?? closedAt });
    }
  }
  return found;
}

async function sealTimes(ledger: Book, id: string): Promise<ReadonlyMap<string, number>> {
  const sealed = (await ledger.events(id)).filter(
    ({ kind, facts }) => kind === "sealed" && facts["seal"] !== undefined,
  );
  return new Map(sealed.map(({ site, at }) => [site, at]));
}

/** The facts of a release that goes back, and one line of what it costs. */
export function tellUndo({ say }: Run, undo: Undo | undefined): Facts {
  if (undo === undefined) return {};
  const losses = Object.entries(undo.sites).map(([site, { sealedAt }]) => `${site} after ${utc(sealedAt)}`);
  say(
    losses.length === 0
      ? `goes back to release ${undo.target}: no release has written to a site since`
      : `goes back to release ${undo.target}: what was written to ${losses.join(", to ")} will no longer be in the site; ` +
          "it is kept in the seal that this release takes first, and release.rollbackTo brings it back",
  );
  return { [key]: undo };
}

/** A release that stood once stands no longer: its schema may be gone. @throws Refused with what to do instead */
export async function refuseFormer({ wanted, ledger }: Run): Promise<void> {
  const stands = (await ledger.releases()).findLast(({ state }) => state === "confirmed");
  if (stands === undefined || stands.id === wanted.id) return;
  const undo = undoIn(stands.facts);
  throw new Refused(
    undo?.target === wanted.id
      ? `release ${stands.id} has gone back to ${wanted.id} and stands: leave frappe:release.rollbackTo: ${wanted.id} in the stack file until the next release, or raise frappe:release.attempt to make one of the same image`
      : `release ${wanted.id} stood before, and ${stands.id} stands now: to go back to its data set frappe:release.rollbackTo: ${wanted.id}; to release it anew on the data of today raise frappe:release.attempt`,
  );
}

/** Restores the seals into scratch while the sites are in use: one that cannot be restored is no way back. */
export async function rehearse(run: Run): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  const undo = undoIn((await releaseOf(run)).facts);
  if (undo === undefined) return;
  for (const { site, facts } of await sitesOf(run)) {
    const back = undo.sites[site];
    if (back === undefined || facts["rehearsed"] !== undefined) continue;
    await world.rehearse(site, back.seal);
    await run.point(`rehearsed:${site}`);
    await ledger.moveSite(hold, wanted.id, site, ["pending", "pending"], { rehearsed: back.seal.snapshot });
    say(`${site}: the seal that ${back.by} took was restored into scratch, and is whole`);
  }
}

/** Puts one site back to what it was, in place of a migration. Cut off, it begins anew: a restore replaces all. */
export async function returnSite(run: Run, undo: Undo, before: ReleaseSite): Promise<void> {
  const { wanted, ledger, world, hold, say } = run;
  const { site, state, facts } = before;
  const back = undo.sites[site];
  if (state === "ready") return;
  const tries = Number(facts["tries"] ?? 0);
  if (tries >= mostTries) throw new Error(`${site}: its restore was cut off ${tries} times (out of memory? evicted?)`);
  await ledger.moveSite(hold, wanted.id, site, [state, "migrating"], { tries: tries + 1 });
  await run.point(`returning:${site}`);
  if (back !== undefined) await world.returnTo(site, back.seal);
  await run.point(`returned:${site}`);
  await world.check(site);
  await ledger.moveSite(hold, wanted.id, site, ["migrating", "ready"]);
  say(`${site}: as release ${undo.target} left it, and well; ${lossOf(before, back)}`);
}

const lossOf = (site: ReleaseSite, back: Return | undefined): string =>
  back === undefined
    ? "no release has written to it since"
    : `what was written after ${utc(back.sealedAt)} is in snapshot ${sealOf(site)?.snapshot.slice(0, 8)}`;
