/**
 * What a restore must remember if it is killed: kept in the site's folder until it has ended well, so that the next try knows
 * the settings that were there before the first one, and does not take its half-loaded database for the old state.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { BackupJob } from "../job.ts";
import { conceal } from "../log.ts";
import { siteFolder, writeAtomically } from "../sites.ts";

export interface RestoreRecord {
  /** Names the first try: part of the names of the files that it moved aside. */
  readonly id: string;
  /** Snapshot that is being restored. */
  readonly snapshot: string;
  /** What the site's own configuration said before; null where it said nothing. */
  readonly flags: Readonly<Record<"maintenance_mode" | "pause_scheduler", unknown>>;
  /** The site's `db_password`, whose place `closedPassword` takes meanwhile. */
  readonly password: string;
  /** Snapshot of the state before; null before it is taken, or when there was nothing to take. */
  readonly safety: string | null;
  /** Whether the database may already differ from the state before. */
  readonly writing: boolean;
  /** Whether files may have been replaced already. */
  readonly placing: boolean;
}

/** Stands in a site's configuration for its password, so that no worker can connect while its database is replaced. */
export const closedPassword = "!closed-by-a-restore";

const fileOf = (job: BackupJob, site: string) => path.join(siteFolder(job, site), "restore.json");

/** The record of a restore that has not ended; undefined when there is none. */
export function readRecord(job: BackupJob, site: string): RestoreRecord | undefined {
  const file = fileOf(job, site);
  if (!existsSync(file)) return undefined;
  const record = JSON.parse(readFileSync(file, "utf8")) as RestoreRecord;
  conceal(record.password);
  return record;
}

export function writeRecord(job: BackupJob, site: string, record: RestoreRecord): RestoreRecord {
  writeAtomically(fileOf(job, site), `${JSON.stringify(record, undefined, 1)}\n`);
  return record;
}

export const removeRecord = (job: BackupJob, site: string): void => rmSync(fileOf(job, site), { force: true });
