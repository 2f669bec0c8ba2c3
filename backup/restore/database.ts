/** The site's database becomes what the dump says, or, where that fails, what it was. */
import path from "node:path";
import type { Context } from "../context.ts";
import { databaseOf } from "../databases/index.ts";
import type { Lock } from "../lock.ts";
import { info, messageOf } from "../log.ts";
import { type Manifest, manifestOf, short } from "../manifest.ts";
import { snapshotsOf } from "../repository.ts";
import { type Login, loginOf, readSiteConfig } from "../sites.ts";
import { extractDump, type Opened } from "./choice.ts";

export interface Replacement {
  readonly site: string;
  readonly opened: Opened;
  /** Snapshot of the state before; null when there is none. */
  readonly safety: string | null;
}

/** @throws with what stands now: the old state where it could be put back. */
export async function replaceDatabase(context: Context, lock: Lock, replacement: Replacement): Promise<void> {
  const { site, opened, safety } = replacement;
  const login = loginOf(context.job, site, readSiteConfig(context.job, site));
  try {
    await loadAndCompare(context, lock, login, opened.dump, opened.manifest);
  } catch (error) {
    context.signal.throwIfAborted();
    throw new Error(`${messageOf(error)}; ${await putBack(context, lock, login, safety)}`, { cause: error });
  }
}

async function loadAndCompare(context: Context, lock: Lock, login: Login, dump: string, manifest: Manifest) {
  const database = databaseOf(context);
  await database.endSessions(context, login, lock.session);
  await database.load(context, login, dump);
  const expected = Object.entries(manifest.tables);
  const standing = await database.tables(context, login);
  if (standing.length !== expected.length) {
    throw new Error(`the database has ${standing.length} tables after the load, the dump has ${expected.length}`);
  }
  const counts = await database.counts(context, login, standing);
  const [other] = expected.filter(([table, rows]) => counts[table] !== rows);
  if (other !== undefined) {
    const [table, rows] = other;
    throw new Error(`${table} has ${counts[table] ?? "no"} rows after the load, the dump has ${rows}`);
  }
  info("database restored", { tables: expected.length, rows: expected.reduce((sum, [, rows]) => sum + rows, 0) });
}

/** Puts the state before back from its snapshot; answers what stands now. */
async function putBack(context: Context, lock: Lock, login: Login, safety: string | null): Promise<string> {
  if (safety === null) return "there is no snapshot of the state before: the database is half replaced";
  try {
    const snapshot = (await snapshotsOf(context)).find(({ id }) => id === safety);
    if (snapshot === undefined) throw new Error(`there is no snapshot ${short(safety)}`);
    const manifest = await manifestOf(context, snapshot);
    const dump = await extractDump(context, snapshot, manifest, path.join(context.job.scratch, "before"));
    await loadAndCompare(context, lock, login, dump, manifest);
    return `the old state of the database was put back from snapshot ${short(safety)}`;
  } catch (error) {
    const cause = messageOf(error);
    return `putting the old state back from snapshot ${short(safety)} failed, too: the database is half replaced (${cause})`;
  }
}
