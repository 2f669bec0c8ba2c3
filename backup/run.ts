/** One backup run: every site, verified, then retention. */
import type { Context } from "./context.ts";
import { takeLock } from "./lock.ts";
import { failure, info, messageOf } from "./log.ts";
import { applyRetention } from "./retention.ts";
import { checkRepository, clearStaleLocks, markVerified, openRepository, snapshotsOf } from "./repository.ts";
import { backupSite } from "./site-backup.ts";
import { sitesOf } from "./sites.ts";

/**
 * Backs up every site. One that fails keeps none of the others from theirs, but then nothing is forgotten.
 * @returns what failed, by site (or `repository`); empty when all is well.
 */
export async function runBackup(context: Context): Promise<Record<string, string>> {
  await openRepository(context);
  const lock = await takeLock(context);
  try {
    context.claimScratch();
    await clearStaleLocks(context);
    return await backupAll(context);
  } finally {
    await lock.release();
  }
}

async function backupAll(context: Context): Promise<Record<string, string>> {
  const failed: Record<string, string> = {};
  const taken: string[] = [];
  const snapshots = await snapshotsOf(context);
  const sites = sitesOf(context.job);
  if (sites.length === 0) throw new Error(`there is no site in ${context.job.sitesFolder}`);
  for (const site of sites) {
    try {
      taken.push((await backupSite(context, site, "backup", snapshots)).snapshot);
    } catch (error) {
      context.signal.throwIfAborted();
      failed[site] = messageOf(error);
      failure("site failed", { site, cause: failed[site] });
    }
  }
  try {
    await checkRepository(context);
    await markVerified(context, taken);
    if (Object.keys(failed).length === 0) await applyRetention(context, Date.now());
  } catch (error) {
    context.signal.throwIfAborted();
    failed["repository"] = messageOf(error);
  }
  const summary = { run: context.run, verified: "repository" in failed ? 0 : taken.length, failed };
  if (Object.keys(failed).length === 0) info("run complete", summary);
  else failure("run failed", summary);
  return failed;
}
