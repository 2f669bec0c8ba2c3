/** Locks in the repository that killed runs left. */
import { hostname } from "node:os";
import type { Context } from "./context.ts";
import { mustRestic, restic } from "./restic.ts";

/** restic renews the lock of a command that is at work every 5 minutes. */
const freshMs = 6 * 60_000;

interface RepositoryLock {
  readonly time: string;
  readonly hostname: string;
}

/**
 * Removes them. Under our own lock in the database no other run can be at work, but somebody with restic can: one that was
 * renewed just now by another host is theirs.
 */
export async function clearStaleLocks(context: Context, now: number): Promise<void> {
  const listed = await mustRestic(context, "the repository's locks cannot be listed", ["list", "locks", "--no-lock"]);
  const ids = listed.split("\n").filter((line) => /^[0-9a-f]{64}$/.test(line));
  if (ids.length === 0) return;
  for (const id of ids) {
    const ended = await restic(context, ["cat", "lock", id, "--no-lock"]);
    // One that cannot be read has just gone, or is broken.
    if (ended.code !== 0) continue;
    const { time, hostname: host } = JSON.parse(ended.stdout) as RepositoryLock;
    if (host !== hostname() && now - Date.parse(time) < freshMs) {
      throw new Error(`${host} is at work in the repository (its lock is of ${time}): try again in 6 minutes`);
    }
  }
  await mustRestic(context, "locks that killed runs left cannot be cleared", ["unlock", "--remove-all"]);
}
