/** The seals of an earlier release: looked for, tried in scratch, put back. */
import type { Context } from "../../backup/context.ts";
import { takeLock } from "../../backup/lock.ts";
import { short } from "../../backup/manifest.ts";
import { findSnapshots, named, type Snapshot, snapshotsOf } from "../../backup/repository.ts";
import { restoreSite } from "../../backup/restore/index.ts";
import { readRecord } from "../../backup/restore/record.ts";
import { keptDays } from "../../backup/retention.ts";
import { doorSeconds } from "../../constants/checks.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";
import { restoreIntoScratch } from "../scratch.ts";
import { growSite } from "../sites/create.ts";
import { isClosed } from "../sites/flags.ts";
import { applySettings } from "../sites/settings.ts";
import { repairSiteUser } from "../sites/user.ts";
import type { Sealed } from "../world.ts";
import { forgetCached } from "./cache.ts";
import { madeElsewhere } from "./heard.ts";

/** For how long a check's web may serve this site although it is closed: until it has asked the ledger again. */
export const doorSecondsOf = (job: ReleaseJob, site: string): number =>
  madeElsewhere(job).some((check) => check.site === site) ? doorSeconds : 0;

/** Which of these seals, by site, cannot be put back any more, and what to do. */
export async function lostSeals(context: Context, seals: ReadonlyMap<string, Sealed>): Promise<readonly string[]> {
  if (seals.size === 0) return [];
  const known = (await findSnapshots(context)) ?? [];
  return [...seals].flatMap(([site, { snapshot }]) => {
    const problem = problemOf(named(known, snapshot)[0], site);
    return problem === undefined ? [] : [`${site}: its seal ${short(snapshot)} ${problem}`];
  });
}

function problemOf(snapshot: Snapshot | undefined, site: string): string | undefined {
  if (snapshot === undefined) {
    return (
      `is not in the repository any more (seals are kept for ${keptDays.seal} days), so that nothing can go back to it; ` +
      "`npm run restore` lists what there is of the site"
    );
  }
  if (snapshot.site !== site) return `is of ${snapshot.site}: the ledger and the repository do not belong together`;
  return snapshot.verified ? undefined : "was never verified: `npm run restore` takes it all the same";
}

/** Restores a seal into scratch and compares it with what its manifest says. */
export async function rehearse(context: Context, job: ReleaseJob, { snapshot: id }: Sealed): Promise<void> {
  const lock = await takeLock(context);
  try {
    context.claimScratch();
    const snapshot = named(await snapshotsOf(context), id)[0];
    if (snapshot === undefined) throw new Error(`the seal ${short(id)} is not in the repository any more`);
    await restoreIntoScratch(context, job, snapshot);
  } finally {
    await lock.release();
  }
}

interface Back extends Pick<Sealed, "snapshot"> {
  /** `redis_cache` of the bench. */
  readonly cacheUrl: string;
}

/** Puts back database, files and key of a site that is closed; what is declared of apps and settings holds in it at once. */
export async function returnTo(
  context: Context,
  job: ReleaseJob,
  site: ReleaseSiteSpec,
  { snapshot, cacheUrl }: Back,
): Promise<void> {
  await repairSiteUser(context, job, site.name);
  await putSealBack(context, job, site.name, { snapshot, cacheUrl });
  await growSite(context, job, site);
  await applySettings(context, job, site);
}

/**
 * Of a site that is closed already, and was seen to be: nothing to wait for, but for the web of a check. Nor is what stands backed up first: it is of a migration that
 * failed, or in the seal that this release has taken of the data of today. Where somebody has opened it meanwhile, it is waited for and
 * backed up like any site in use: what was written since is nowhere else.
 */
export async function putSealBack(
  context: Context,
  job: ReleaseJob,
  site: string,
  { snapshot, cacheUrl }: Back,
): Promise<void> {
  // Closed by the release, and not only by a try at this that was killed.
  const record = readRecord(job.backup, site);
  const closed = isClosed(job, site) && (record === undefined || Number(record.flags.maintenance_mode ?? 0) === 1);
  const settle = closed ? { settleSeconds: doorSecondsOf(job, site) } : {};
  // The command would run the code that is being taken back, which may be what has failed.
  const { clearCache, ...backup } = context.job;
  await restoreSite(
    { ...context, job: { ...backup, ...settle } },
    { site, snapshot, allowUnverified: false, force: false, worthless: closed },
  );
  if (clearCache !== undefined) await forgetCached(context, cacheUrl, site);
}
