/** A site closed for its restore, and opened again as it was. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context.ts";
import type { BackupJob } from "../job.ts";
import { info } from "../log.ts";
import { loginOf } from "../login.ts";
import { changeSiteConfig, readSiteConfig } from "../sites.ts";
import { keepOldFiles } from "./files.ts";
import { closedPassword, readRecord, removeRecord, type RestoreRecord, writeRecord } from "./record.ts";

/** The record of a restore that has not ended. That of a site which somebody opened since says nothing about its state. */
export function standingRecord(job: BackupJob, site: string): RestoreRecord | undefined {
  const record = readRecord(job, site);
  return Number(readSiteConfig(job, site)["maintenance_mode"] ?? 0) === 1 ? record : undefined;
}

/** Closes the site, after remembering what was there. A try that was killed has remembered already. */
export function closeSite(context: Context, site: string, snapshot: string): RestoreRecord {
  const { job, run: id } = context;
  const { maintenance_mode = null, pause_scheduler = null } = readSiteConfig(job, site);
  const { password } = loginOf(job, site);
  const first = { id, flags: { maintenance_mode, pause_scheduler }, safety: null, writing: false, placing: false };
  const standing = standingRecord(job, site);
  // What a restore that was given up moved aside may be nowhere else.
  if (standing === undefined) keepOldFiles(context, site);
  const record = writeRecord(job, site, { ...(standing ?? first), snapshot, password });
  changeSiteConfig(job, site, { maintenance_mode: 1, pause_scheduler: 1 });
  info("site closed", { site });
  return record;
}

/** Web processes of Frappe 16 go on with the flags that they read, for up to a minute. */
export const settle = ({ job, signal }: Context): Promise<void> =>
  sleep((job.settleSeconds ?? 60) * 1_000, undefined, { signal });

/** Workers do not ask for maintenance: without the password, nobody connects anew. */
export const shutOut = ({ job }: Context, site: string): void =>
  changeSiteConfig(job, site, { db_password: closedPassword });

/** The site's own password again, but for one that somebody wrote in the meantime. */
const passwordOf = (job: BackupJob, site: string, { password }: RestoreRecord) =>
  readSiteConfig(job, site)["db_password"] === closedPassword ? { db_password: password } : {};

export const letIn = ({ job }: Context, site: string, record: RestoreRecord): void =>
  changeSiteConfig(job, site, passwordOf(job, site, record));

/** The flags as they were; where the site's own file had none, the bench's count again. */
export function openSite({ job }: Context, site: string, record: RestoreRecord): void {
  const flags = Object.entries(record.flags).map(([flag, value]) => [flag, value ?? undefined]);
  const before = Object.fromEntries(flags) as Record<string, unknown>;
  changeSiteConfig(job, site, { ...before, ...passwordOf(job, site, record) });
  removeRecord(job, site);
  const closed = Number(record.flags.maintenance_mode ?? 0) === 1;
  info(closed ? "site stays in maintenance, as it was before" : "site opened", { site });
}
