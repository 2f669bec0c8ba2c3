/** One site's backup as a release needs it: kept in the repository, verified there, restored into scratch and compared. */
import type { Context } from "../../backup/context.ts";
import { takeLock } from "../../backup/lock.ts";
import { loginOf } from "../../backup/login.ts";
import {
  checkRepository,
  findSnapshots,
  type Kind,
  markVerified,
  openOrMakeRepository,
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
    // A site that is closed was backed up by this release while it was in use: there is a repository.
    const known = still ? [] : await findSnapshots(context);
    if (known === undefined) await openOrMakeRepository(context);
    // Each start of restic is time with writes closed; a lock that comes between two seals only sends the release back.
    await context.once("stale locks", () => clearStaleLocks(context, Date.now()));
    const { snapshot } = await backupSite(context, site, kind, known ?? [], { readBack: false });
    // While the site is closed its dump is restored below; the whole repository is checked while it is open.
    if (!still) await checkRepository(context);
    const live = still ? loginOf(job.backup, site) : undefined;
    const { tables, rows } = await restoreIntoScratch(context, job, snapshot, live);
    await markVerified(context, [snapshot]);
    return { snapshot: snapshot.id, tables, rows };
  } finally {
    await lock.release();
  }
}
