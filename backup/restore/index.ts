/** Puts a site back to a snapshot: database, files, encryption key. Running it again after a kill ends the same. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context.ts";
import { type Lock, takeLock } from "../lock.ts";
import { info, messageOf } from "../log.ts";
import { short } from "../manifest.ts";
import { run, wordsOf } from "../process.ts";
import { clearStaleLocks, openRepository, snapshotsOf } from "../repository.ts";
import { changeSiteConfig, readSiteConfig } from "../sites.ts";
import { type Choice, chooseSnapshot, type Opened, openSnapshot } from "./choice.ts";
import { replaceDatabase } from "./database.ts";
import { placeFiles, removeOldFiles, removeStaging, stageFiles } from "./files.ts";
import { readRecord, removeRecord, type RestoreRecord, writeRecord } from "./record.ts";
import { takeSafety } from "./safety.ts";

export interface RestoreRequest extends Choice {
  /** Goes on without a safety backup where the present database cannot be backed up. */
  readonly force: boolean;
}

/** Restores a site; throws with the cause, what stands, and what to do next. */
export async function restoreSite(context: Context, request: RestoreRequest): Promise<void> {
  await openRepository(context);
  const lock = await takeLock(context);
  try {
    context.claimScratch();
    await clearStaleLocks(context);
    const snapshot = chooseSnapshot(await snapshotsOf(context), request);
    const opened = await openSnapshot(context, request.site, snapshot);
    await stageFiles(context, request.site, snapshot);
    await replaceSite(context, lock, request, opened);
  } finally {
    await lock.release();
  }
}

/** From here on the site is closed. A failure before anything was written opens it again; one after that leaves it closed. */
async function replaceSite(context: Context, lock: Lock, request: RestoreRequest, opened: Opened): Promise<void> {
  const { job } = context;
  const { site } = request;
  let record = closeSite(context, site);
  let stands = "the site is as it was";
  try {
    await settle(context);
    if (!record.writing) {
      const safety = await takeSafety(context, site, request.force);
      record = writeRecord(job, site, { ...record, safety, writing: true });
    }
    stands = "its files are the old ones";
    await replaceDatabase(context, lock, { site, opened, safety: record.safety });
    stands = "the database is restored, of the files some may be the old ones";
    placeFiles(context, site, opened.snapshot, record.id);
    stands = "database and files are restored";
    await finish(context, site, opened, record);
  } catch (error) {
    if (!record.writing) openSite(context, site, record);
    throw new Error(record.writing ? advice(error, stands, record, request) : messageOf(error), { cause: error });
  }
  info("site restored", { site, snapshot: short(opened.snapshot.id), before: record.safety && short(record.safety) });
}

/** Closes the site, after remembering what its flags were. A try that was killed has remembered already. */
function closeSite({ job, run: id }: Context, site: string): RestoreRecord {
  const { maintenance_mode = null, pause_scheduler = null } = readSiteConfig(job, site);
  const first = { id, flags: { maintenance_mode, pause_scheduler }, safety: null, writing: false };
  const record = readRecord(job, site) ?? writeRecord(job, site, first);
  changeSiteConfig(job, site, { maintenance_mode: 1, pause_scheduler: 1 });
  info("site closed", { site });
  return record;
}

/** Web processes of Frappe 16 go on with the flags that they read, for up to a minute. */
const settle = ({ job, signal }: Context) => sleep((job.settleSeconds ?? 60) * 1_000, undefined, { signal });

async function finish(context: Context, site: string, opened: Opened, record: RestoreRecord): Promise<void> {
  const { job, signal } = context;
  const key = opened.config["encryption_key"];
  // Before the first request: a read that fails makes Frappe write a new key.
  if (typeof key === "string") changeSiteConfig(job, site, { encryption_key: key });
  const [program, ...rest] = (job.clearCache ?? []).map((word) => word.replaceAll("{site}", site));
  if (program !== undefined) {
    const ended = await run({ argv: [program, ...rest], signal });
    if (ended.code !== 0) throw new Error(`the site's cache cannot be flushed: ${program} ${wordsOf(ended)}`);
  }
  removeOldFiles(context, site);
  openSite(context, site, record);
}

/** The flags as they were; where the site's own file had none, the bench's count again. */
function openSite(context: Context, site: string, { flags }: RestoreRecord): void {
  const before = Object.entries(flags).map(([flag, value]) => [flag, value ?? undefined]);
  changeSiteConfig(context.job, site, Object.fromEntries(before) as Record<string, unknown>);
  removeStaging(context, site);
  removeRecord(context.job, site);
  info("site opened", { site });
}

function advice(error: unknown, stands: string, { safety }: RestoreRecord, { site, snapshot }: RestoreRequest): string {
  const again = `restore --site ${site} --snapshot ${snapshot}`;
  const back = safety === null ? "" : `, or restore --site ${site} --snapshot ${short(safety)} for the state before`;
  return `${messageOf(error)}; ${stands}; ${site} stays in maintenance; next: ${again} once more${back}`;
}
