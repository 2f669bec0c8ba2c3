/** One backup run: every site, verified, then retention. */
import type { Context } from "./context.ts";
import { takeLock } from "./lock.ts";
import { failure, info, messageOf } from "./log.ts";
import { applyRetention } from "./retention.ts";
import { checkRepository, markVerified, openOrMakeRepository, type Snapshot, snapshotsOf } from "./repository.ts";
import { backupSite } from "./site-backup.ts";
import { clearStaleLocks } from "./stale-locks.ts";
import { sitesOf } from "./sites.ts";

/**
 * Backs up every site. One that fails keeps none of the others from theirs; of its own snapshots none is forgotten.
 * @param acceptLoss whether a database that lost most of its tables or rows since its last snapshot is the right one.
 * @returns what failed, by site (or `repository`); empty when all is well.
 */
export async function runBackup(context: Context, acceptLoss = false): Promise<Record<string, string>> {
  const lock = await takeLock(context);
  try {
    context.claimScratch();
    await openOrMakeRepository(context);
    await clearStaleLocks(context, Date.now());
    return await backupAll(context, acceptLoss);
  } finally {
    await lock.release();
  }
}

async function backupAll(context: Context, acceptLoss: boolean): Promise<Record<string, string>> {
  const failed: Record<string, string> = {};
  const taken = new Map<string, Snapshot>();
  const snapshots = acceptLoss ? [] : await snapshotsOf(context);
  const sites = sitesOf(context.job);
  if (sites.length === 0) throw new Error(`there is no site in ${context.job.sitesFolder}`);
  for (const site of sites) {
    try {
      taken.set(site, (await backupSite(context, site, "backup", snapshots)).snapshot);
    } catch (error) {
      context.signal.throwIfAborted();
      failed[site] = messageOf(error);
      failure("site failed", { site, cause: failed[site] });
    }
  }
  try {
    await checkRepository(context);
    await markVerified(context, [...taken.values()]);
    if (taken.size > 0) await applyRetention(context, [...taken.keys()], Date.now());
  } catch (error) {
    context.signal.throwIfAborted();
    failed["repository"] = messageOf(error);
  }
  const summary = { run: context.run, verified: "repository" in failed ? 0 : taken.size, failed };
  if (Object.keys(failed).length === 0) info("run complete", summary);
  else failure("run failed", summary);
  return failed;
}
