/** What may go from the repository. Runs only after the repository was checked. */
import type { Context } from "./context.ts";
import { info } from "./log.ts";
import { type Snapshot, snapshotsOf } from "./repository.ts";
import { mustRestic } from "./restic.ts";

const day = 86_400_000;
/** Unverified snapshots are looked into by hand, or never; what a restore replaced is missed within weeks. */
export const keptDays = { unverified: 7, "before-restore": 30, seal: 30 } as const;

/**
 * Forgets what the policy does not keep, and frees the space. Each site's last verified snapshot always stays.
 * @param sites those that this run verified: of another one, nothing goes while its newest backup is missing.
 */
export async function applyRetention(context: Context, sites: readonly string[], now: number): Promise<void> {
  const all = await snapshotsOf(context);
  const snapshots = all.filter(({ site }) => sites.includes(site));
  const old = snapshots.filter((each) => isPast(each, now)).map(({ current }) => current);
  if (old.length > 0) await mustRestic(context, "old snapshots cannot be forgotten", ["forget", ...old]);
  const { bench, retention } = context.job;
  const keep = Object.entries(retention)
    .filter(([, count]) => Number(count) > 0)
    .flatMap(([rule, count]) => [`--keep-${rule}`, String(count)]);
  // By site, not by paths: a site that gets its first private file would otherwise count anew.
  for (const [site, count] of verifiedBySite(snapshots)) {
    if (count <= retention.last || count === 1) continue;
    const only = ["--host", bench, "--tag", `site:${site},backup,verified`, "--group-by", "host"];
    await mustRestic(context, `old snapshots of ${site} cannot be forgotten`, ["forget", ...only, ...keep]);
  }
  await mustRestic(context, "the space of old snapshots cannot be freed", ["prune"]);
  const left = await snapshotsOf(context);
  info("retention applied", { before: all.length, after: left.length });
}

function isPast({ kind, verified, time }: Snapshot, now: number): boolean {
  const days = kind !== "backup" ? keptDays[kind] : verified ? Infinity : keptDays.unverified;
  return now - Date.parse(time) > days * day;
}

function verifiedBySite(snapshots: readonly Snapshot[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { site, kind, verified } of snapshots) {
    if (kind === "backup" && verified) counts.set(site, (counts.get(site) ?? 0) + 1);
  }
  return counts;
}
