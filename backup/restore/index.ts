/** Puts a site back to a snapshot: database, files, encryption key. Running it again after a kill ends the same. */
import type { Context } from "../context.ts";
import { concealAddresses } from "../environment.ts";
import { type Lock, takeLock } from "../lock.ts";
import { info, messageOf, warning } from "../log.ts";
import { short } from "../manifest.ts";
import { run, wordsOf } from "../process.ts";
import { snapshotsOf } from "../repository.ts";
import { changeSiteConfig } from "../sites.ts";
import { clearStaleLocks } from "../stale-locks.ts";
import { type Choice, chooseSnapshot, type Opened, openSnapshot } from "./choice.ts";
import { closeSite, letIn, openSite, settle, shutOut, standingRecord } from "./closing.ts";
import { replaceDatabase } from "./database.ts";
import { keepOldFiles, placeFiles, removeOldFiles, removeStaging, stageFiles } from "./files.ts";
import { type RestoreRecord, writeRecord } from "./record.ts";
import { takeSafety } from "./safety.ts";

export interface RestoreRequest extends Choice {
  /** Goes on without a safety backup where the present database cannot be backed up. */
  readonly force: boolean;
  /** Nobody will want the present state: neither a safety backup is taken of it, nor are its files kept. @default false */
  readonly worthless?: boolean;
}

/** Restores a site; throws with the cause, what stands, and what to do next. */
export async function restoreSite(context: Context, request: RestoreRequest): Promise<void> {
  const { site } = request;
  const lock = await takeLock(context);
  try {
    context.claimScratch();
    const snapshots = await snapshotsOf(context);
    // Not below --force: that somebody is at work there is no reason to go on without a safety backup. A restore without one only reads.
    if (request.worthless !== true) await clearStaleLocks(context, Date.now());
    // Since a restore began, "latest" is what it began with: a newer one would be of what it left half done.
    const begun = request.snapshot === "latest" ? standingRecord(context.job, site)?.snapshot : undefined;
    const choice = { ...request, snapshot: begun ?? request.snapshot };
    const snapshot = chooseSnapshot(snapshots, choice);
    const opened = await openSnapshot(context, site, snapshot);
    warnOfRelease(context, opened);
    try {
      await stageFiles(context, site, opened);
      await replaceSite(context, lock, request, opened);
    } finally {
      await removeStaging(context, site);
    }
  } finally {
    await lock.release();
  }
}

function warnOfRelease({ job }: Context, { manifest: { release, site } }: Opened): void {
  if (job.release === undefined || release === undefined || release === job.release) return;
  const next = "run bench migrate before opening if the apps changed";
  warning("snapshot is of another release", { site, snapshot: release, present: job.release, next });
}

/** From here on the site is closed. A failure before anything was written opens it again; one after that leaves it closed. */
async function replaceSite(context: Context, lock: Lock, request: RestoreRequest, opened: Opened): Promise<void> {
  const { job } = context;
  const { site } = request;
  let record = closeSite(context, site, opened.snapshot.id);
  const again = record.writing;
  let stands = "its database may be half replaced by the try before";
  try {
    await settle(context);
    shutOut(context, site);
    if (!again) {
      const safety = request.worthless === true ? null : await takeSafety(context, site, request.force);
      record = writeRecord(job, site, { ...record, safety, writing: true });
    }
    const failed = await replaceDatabase(context, lock, { site, opened, safety: record.safety, again });
    if (failed !== undefined) {
      stands = `${failed.stands}, ${record.placing ? "of its files some are new" : "its files are the old ones"}`;
      if (failed.old && !record.placing) reset(context, site, record);
      throw failed.error;
    }
    stands = "the database is restored, of the files some may be the old ones";
    record = writeRecord(job, site, { ...record, placing: true });
    await placeFiles(context, site, opened.snapshot, record.id);
    stands = "database and files are restored";
    await finish(context, request, opened, record);
  } catch (error) {
    if (!record.writing) openSite(context, site, record);
    throw new Error(record.writing ? advice(error, stands, record, opened) : messageOf(error), { cause: error });
  }
  info("site restored", { site, snapshot: short(opened.snapshot.id), before: record.safety && short(record.safety) });
}

/** The site is wholly what it was: the next try begins anew, with a backup of what is there then. */
function reset(context: Context, site: string, record: RestoreRecord): void {
  letIn(context, site, record);
  writeRecord(context.job, site, { ...record, safety: null, writing: false });
}

async function finish(
  context: Context,
  { site, worthless = false }: RestoreRequest,
  opened: Opened,
  record: RestoreRecord,
): Promise<void> {
  const { job, signal } = context;
  const key = opened.config["encryption_key"];
  // Before the first request: a read that fails makes Frappe write a new key.
  if (typeof key === "string") changeSiteConfig(job, site, { encryption_key: key });
  letIn(context, site, record);
  const [program, ...rest] = (job.clearCache ?? []).map((word) => word.replaceAll("{site}", site));
  if (program !== undefined) {
    concealAddresses();
    const ended = await run({ argv: [program, ...rest], signal });
    if (ended.code !== 0) throw new Error(`the site's cache cannot be flushed: ${program} ${wordsOf(ended)}`);
  }
  // Without a snapshot of the state before, they are nowhere else.
  if (record.safety === null && !worthless) keepOldFiles(context, site);
  else await removeOldFiles(context, site);
  openSite(context, site, record);
}

function advice(error: unknown, stands: string, { safety }: RestoreRecord, { snapshot, manifest }: Opened): string {
  const restore = (id: string) => `restore --site ${manifest.site} --snapshot ${short(id)}`;
  const again = `${restore(snapshot.id)}${snapshot.verified ? "" : " --allow-unverified"} once more`;
  const back = safety === null ? "" : `, or ${restore(safety)} for the state before`;
  return `${messageOf(error)}; ${stands}; ${manifest.site} stays in maintenance; next: ${again}${back}`;
}
