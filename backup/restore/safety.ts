/** A snapshot of what a restore is about to replace. */
import type { Context } from "../context.ts";
import { info, messageOf, warning } from "../log.ts";
import { short } from "../manifest.ts";
import { markVerified } from "../repository.ts";
import { backupSite } from "../site-backup.ts";

/**
 * Backs the present state up; its dump is verified, the whole repository is not.
 * @param force whether to go on where that fails, as it does for an empty or broken database.
 * @returns the snapshot's id; null without one.
 */
export async function takeSafety(context: Context, site: string, force: boolean): Promise<string | null> {
  try {
    const { snapshot } = await backupSite(context, site, "before-restore", []);
    // The dump was read back; the whole repository is not checked while the site is closed.
    await markVerified(context, [snapshot]);
    info("safety backup taken", { site, snapshot: short(snapshot.id) });
    return snapshot.id;
  } catch (error) {
    context.signal.throwIfAborted();
    const cause = `the present state cannot be backed up: ${messageOf(error)}`;
    if (!force) throw new Error(`${cause}; --force goes on without`, { cause: error });
    warning("no safety backup", { site, cause });
    return null;
  }
}
