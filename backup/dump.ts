/** Takes a site's dump, and believes it only when everything about it agrees. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Context } from "./context.ts";
import { databaseOf } from "./databases/index.ts";
import { installedApps } from "./installed-apps.ts";
import { messageOf, warning } from "./log.ts";
import type { Login } from "./login.ts";
import { dumpName, type Manifest, manifestName, rowsOf } from "./manifest.ts";
import { type DumpFacts, scanDump } from "./scan.ts";
import { refuseFull } from "./space.ts";

const attempts = 3;

export interface Dump {
  readonly manifest: Manifest;
  readonly file: string;
  readonly manifestFile: string;
}

/**
 * Dumps a site's database into scratch.
 * @param before what the site's last verified snapshot holds: a database that lost half its tables or rows is the wrong one.
 */
export async function takeDump(context: Context, site: string, login: Login, before?: Manifest): Promise<Dump> {
  const database = databaseOf(context);
  const folder = path.join(context.job.scratch, site);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const tables = await database.tables(context, login);
  refuseEmpty(tables, login.schema, before);
  refuseFull(context.job, await database.size(context, login));
  const file = path.join(folder, dumpName);
  const facts = await dumpUntilWhole(context, site, login, file);
  refuseLoss(facts.tables, login.schema, before);
  const manifest: Manifest = {
    site,
    schema: login.schema,
    engine: context.job.database.engine,
    serverVersion: await database.version(context, login),
    tables: facts.tables,
    dumpBytes: facts.bytes,
    dumpSha256: facts.sha256,
    takenAt: new Date().toISOString(),
    apps: await appsOf(context, login, tables),
    ...(context.job.release !== undefined && { release: context.job.release }),
  };
  const manifestFile = path.join(folder, manifestName);
  writeFileSync(manifestFile, `${JSON.stringify(manifest, undefined, 1)}\n`, { mode: 0o600 });
  return { manifest, file, manifestFile };
}

function refuseEmpty(tables: readonly string[], schema: string, before: Manifest | undefined): void {
  if (tables.length === 0) throw new Error(`the database ${schema} has no tables: is it the right one?`);
  const had = before === undefined ? 0 : Object.keys(before.tables).length;
  if (tables.length * 2 < had) {
    const now = `the database ${schema} has ${tables.length} tables`;
    throw new Error(`${now}, the last verified snapshot has ${had}: ${accept}`);
  }
}

/** Fewer rows in a smaller database are a clean-up, not a loss. */
const leastRows = 1_000;

function refuseLoss(tables: Manifest["tables"], schema: string, before: Manifest | undefined): void {
  const [had, left] = [rowsOf(before?.tables ?? {}), rowsOf(tables)];
  if (had < leastRows || left * 2 >= had) return;
  throw new Error(`the database ${schema} has ${left} rows, the last verified snapshot has ${had}: ${accept}`);
}

const accept = "is it the right one? (run --accept-loss takes it all the same)";

/** A table that is altered meanwhile fails a dump (MariaDB's error 1412) or makes it differ from the server: try again. */
async function dumpUntilWhole(context: Context, site: string, login: Login, file: string): Promise<DumpFacts> {
  const database = databaseOf(context);
  for (let attempt = 1; ; attempt++) {
    try {
      await database.dump(context, login, file);
      const facts = await scanDump(file, context.job.database.engine, database.trailer);
      if (!facts.complete) throw new Error(`the dump ends without "${database.trailer}": it was cut`);
      refuseOther(Object.keys(facts.tables), await database.tables(context, login));
      return facts;
    } catch (error) {
      const message = messageOf(error);
      if (attempt === attempts || !(database.passing(message) || message.startsWith(differs))) throw error;
      warning("dump repeated", { site, attempt, cause: message });
    }
  }
}

const differs = "the dump's tables are not the server's";

function refuseOther(dumped: readonly string[], standing: readonly string[]): void {
  const missing = standing.filter((each) => !dumped.includes(each));
  const extra = dumped.filter((each) => !standing.includes(each));
  if (missing.length + extra.length === 0) return;
  const few = (names: readonly string[]) => `${names.length} (${names.slice(0, 3).join(", ")})`;
  throw new Error(`${differs}: ${few(missing)} are missing, ${few(extra)} are too many`);
}

/** A backup is worth its while without that list, too. */
async function appsOf(context: Context, login: Login, tables: readonly string[]): Promise<readonly string[]> {
  try {
    return await installedApps(context, login, tables);
  } catch (error) {
    warning("installed apps unknown", { schema: login.schema, cause: messageOf(error) });
    return [];
  }
}
