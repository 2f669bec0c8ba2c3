/** The site's database becomes what the dump says, or, where that fails, what it was. */
import path from "node:path";
import type { Context } from "../context.ts";
import { databaseOf } from "../databases/index.ts";
import type { Lock } from "../lock.ts";
import { info, messageOf } from "../log.ts";
import { type Login, loginOf } from "../login.ts";
import { type Manifest, rowsOf, short } from "../manifest.ts";
import { named, snapshotsOf } from "../repository.ts";
import { extractDump, type Opened } from "./choice.ts";

export interface Replacement {
  readonly site: string;
  readonly opened: Opened;
  /** Snapshot of the state before; null when there is none. */
  readonly safety: string | null;
  /** Whether an earlier try has written already. */
  readonly again: boolean;
}

export interface NotReplaced {
  readonly error: unknown;
  /** What the database is now, for a person. */
  readonly stands: string;
  /** Whether that is the state before the restore, as a whole. */
  readonly old: boolean;
}

/** Whoever is asked to end has two minutes (the pod's grace), and needs some of them to say what stands. */
const putBackMs = 90_000;

/** @returns what went wrong, and what stands now: the old state where it could be put back. */
export async function replaceDatabase(
  context: Context,
  lock: Lock,
  { site, opened, safety, again }: Replacement,
): Promise<NotReplaced | undefined> {
  const database = databaseOf(context);
  const login = loginOf(context.job, site);
  const { tables } = opened.manifest;
  let written = again;
  try {
    await database.endSessions(context, login, lock.session);
    written ||= !database.loadsWhole;
    await database.load(context, login, opened.dump);
    written = true;
    refuseOther(await countsOf(context, login), tables, (standing, rows) => standing === rows);
    info("database restored", { tables: Object.keys(tables).length, rows: rowsOf(tables) });
    return undefined;
  } catch (error) {
    if (!written) return { error, stands: "the old state of the database stands", old: true };
    const half = (why: string) => ({ error, stands: `${why}: the database is half replaced`, old: false });
    if (safety === null) return half("there is no snapshot of the state before");
    if (!lock.held()) return half("another run may have the lock now");
    try {
      await putBack(calledOff(context), lock, login, safety);
    } catch (second) {
      return half(`putting the old state back from snapshot ${short(safety)} failed, too (${messageOf(second)})`);
    }
    const stands = `the old state of the database was put back from snapshot ${short(safety)}`;
    return { error, stands, old: true };
  }
}

/** What was called off still has a short time to put right what stands half done. */
const calledOff = (context: Context): Context =>
  context.signal.aborted ? { ...context, signal: AbortSignal.timeout(putBackMs) } : context;

async function countsOf(context: Context, login: Login): Promise<Manifest["tables"]> {
  const database = databaseOf(context);
  return database.counts(context, login, await database.tables(context, login));
}

function refuseOther(
  counts: Manifest["tables"],
  expected: Manifest["tables"],
  agrees: (standing: number, rows: number) => boolean,
): void {
  const [standing, wanted] = [Object.keys(counts).length, Object.keys(expected).length];
  if (!agrees(standing, wanted)) {
    throw new Error(`the database has ${standing} tables after the load, the dump has ${wanted}`);
  }
  const other = Object.entries(expected).find(([table, rows]) => !agrees(counts[table] ?? -1, rows));
  if (other === undefined) return;
  const [table, rows] = other;
  throw new Error(`${table} has ${counts[table] ?? "no"} rows after the load, the dump has ${rows}`);
}

/** Puts the state before back from its snapshot. More rows than it had are somebody's work since, not damage. */
async function putBack(context: Context, lock: Lock, login: Login, safety: string): Promise<void> {
  const snapshot = named(await snapshotsOf(context), safety)[0];
  if (snapshot === undefined) throw new Error(`there is no snapshot ${short(safety)}`);
  const { manifest, dump } = await extractDump(context, snapshot, path.join(context.job.scratch, "before"));
  const database = databaseOf(context);
  await database.endSessions(context, login, lock.session);
  await database.load(context, login, dump);
  refuseOther(await countsOf(context, login), manifest.tables, (standing, rows) => standing >= rows);
}
