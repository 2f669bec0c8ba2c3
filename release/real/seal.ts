/** One site's backup as a release needs it: kept in the repository, verified there, restored into scratch and compared. */
import type { Context } from "../../backup/context.ts";
import { takeLock } from "../../backup/lock.ts";
import { loginOf } from "../../backup/login.ts";
import {
  checkRepository,
  type Kind,
  markVerified,
  openOrMakeRepository,
  type Snapshot,
  snapshotsOf,
} from "../../backup/repository.ts";
import { backupSite } from "../../backup/site-backup.ts";
import { clearStaleLocks } from "../../backup/stale-locks.ts";
import type { ReleaseJob } from "../job.ts";
import { restoreIntoScratch } from "../scratch.ts";
import type { Sealed } from "../world.ts";

/** @param still whether nobody writes to the site: then the content of each table is compared with the live one, too. */
export async function sealSite(
  context: Context,
  job: ReleaseJob,
  site: string,
  { kind, still }: { readonly kind: Kind; readonly still: boolean },
): Promise<Sealed> {
  const lock = await takeLock(context);
  try {
    context.claimScratch();
    await openOrMakeRepository(context);
    await clearStaleLocks(context, Date.now());
    const { snapshot } = await backupSite(context, site, kind, await snapshotsOf(context));
    // While the site is closed its dump has been read back, and is restored below; the whole repository is checked while it is open.
    if (!still) await checkRepository(context);
    await markVerified(context, [snapshot]);
    const marked = await verifiedOf(context, site, kind);
    const { tables, rows } = await restoreIntoScratch(
      context,
      job,
      marked,
      still ? loginOf(job.backup, site) : undefined,
    );
    return { snapshot: marked.id, tables, rows };
  } finally {
    await lock.release();
  }
}

/** Marking gives a snapshot a new id. */
async function verifiedOf(context: Context, site: string, kind: Kind): Promise<Snapshot> {
  const last = (await snapshotsOf(context)).findLast((each) => each.site === site && each.kind === kind);
  if (last?.verified !== true) throw new Error(`the backup of ${site} is not in the repository any more`);
  return last;
}
