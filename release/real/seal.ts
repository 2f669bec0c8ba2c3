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
    const known = await findSnapshots(context);
    if (known === undefined) await openOrMakeRepository(context);
    await clearStaleLocks(context, Date.now());
    const { snapshot } = await backupSite(context, site, kind, known ?? [], { readBack: false });
    // While the site is closed its dump is restored below; the whole repository is checked while it is open.
    if (!still) await checkRepository(context);
    const taken = (await snapshotsOf(context)).find(({ id }) => id.startsWith(snapshot));
    if (taken === undefined) throw new Error(gone(site));
    const { tables, rows } = await restoreIntoScratch(
      context,
      job,
      taken,
      still ? loginOf(job.backup, site) : undefined,
    );
    await markVerified(context, [snapshot]);
    const marked = await verifiedOf(context, site, kind);
    return { snapshot: marked.id, tables, rows };
  } finally {
    await lock.release();
  }
}

const gone = (site: string) => `the backup of ${site} is not in the repository any more`;

/** Marking gives a snapshot a new id. */
async function verifiedOf(context: Context, site: string, kind: Kind): Promise<Snapshot> {
  const last = (await snapshotsOf(context)).findLast((each) => each.site === site && each.kind === kind);
  if (last?.verified !== true) throw new Error(gone(site));
  return last;
}
