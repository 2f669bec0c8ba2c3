/** A backup is believed when it was restored: into a scratch database beside the sites' own, and compared there. */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import type { Context } from "../backup/context.ts";
import { databaseOf } from "../backup/databases/index.ts";
import { quotings } from "../backup/databases/quoting.ts";
import { type Login, loginOf } from "../backup/login.ts";
import { type Manifest, rowsOf, short } from "../backup/manifest.ts";
import type { Snapshot } from "../backup/repository.ts";
import { extractDump } from "../backup/restore/choice.ts";
import type { ReleaseJob } from "./job.ts";
import { adminClient, adminLogin, dropDatabase, ensureDatabase } from "./server.ts";

/** What a restored backup came to. */
export interface Restored {
  readonly tables: number;
  readonly rows: number;
  readonly seconds: number;
}

/** Names a scratch database by its site: two at once never meet, and one that a kill has left is found again. */
export const scratchName = (schema: string): string =>
  `scratch_${createHash("sha256").update(schema).digest("hex").slice(0, 16)}`;

/**
 * Restores a snapshot's dump into a scratch database and compares tables and rows with its manifest; where the live database stands still,
 * each table's content, too. The scratch database is gone afterwards.
 * @param live the site's own database, if nobody writes to it.
 * @throws with the first difference.
 */
export async function restoreIntoScratch(
  context: Context,
  job: ReleaseJob,
  snapshot: Snapshot,
  live?: Login,
): Promise<Restored> {
  const started = performance.now();
  const folder = path.join(job.backup.scratch, `scratch-${short(snapshot.id)}`);
  try {
    const { manifest, dump } = await extractDump(context, snapshot, folder);
    const { tables, rows } = await load(context, job, manifest, dump, live);
    return { tables, rows, seconds: (performance.now() - started) / 1000 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load(
  context: Context,
  job: ReleaseJob,
  manifest: Manifest,
  dump: string,
  live: Login | undefined,
): Promise<Omit<Restored, "seconds">> {
  const database = databaseOf(context);
  const name = scratchName(manifest.schema);
  const login = adminLogin(job, name);
  await dropDatabase(context, job, name);
  await ensureDatabase(context, job, name);
  try {
    await database.load(context, login, dump);
    await refuseForeign(context, job, name, manifest.site);
    const tables = await database.tables(context, login);
    refuseOther("tables", [...tables].sort().join(" "), Object.keys(manifest.tables).sort().join(" "));
    const counts = await database.counts(context, login, tables);
    for (const table of tables) refuseOther(`rows of ${table}`, counts[table], manifest.tables[table]);
    if (live !== undefined) {
      const [here, there] = [
        await database.checksums(context, live, tables),
        await database.checksums(context, login, tables),
      ];
      for (const table of tables) refuseOther(`the content of ${table}`, there[table], here[table]);
    }
    return { tables: tables.length, rows: rowsOf(counts) };
  } finally {
    await dropDatabase(context, job, name);
  }
}

/**
 * The administrator may load what the site's own user, who puts a backup back, may not: views, triggers and routines in another's name.
 * @throws with each of them, and the remedy
 */
async function refuseForeign(context: Context, job: ReleaseJob, schema: string, site: string): Promise<void> {
  const { engine, query } = adminClient(context, job);
  if (engine !== "mariadb") return;
  const login = loginOf(job.backup, site);
  const [[user = ""] = []] = await databaseOf(context).query(context, login, "SELECT CURRENT_USER()");
  const { text } = quotings.mariadb;
  const made = { views: "table", triggers: "trigger", routines: "routine", events: "event" };
  const selects = Object.entries(made).map(
    ([kind, word]) =>
      `SELECT CONCAT(${word}_name, ' of ', definer) FROM information_schema.${kind} ` +
      `WHERE ${word}_schema = ${text(schema)} AND definer <> ${text(user)}`,
  );
  const foreign = (await query(selects.join(" UNION ALL "))).flat();
  if (foreign.length === 0) return;
  throw new Error(
    `the backup has what only an administrator could put back, not the site's user ${user}: ${foreign.slice(0, 5).join("; ")}; ` +
      "make each again as that user (its DEFINER), or drop it",
  );
}

function refuseOther(what: string, restored: unknown, expected: unknown): void {
  if (restored !== expected) {
    throw new Error(
      `the backup, restored into scratch, differs in ${what}: ${String(restored)}, expected ${String(expected)}`,
    );
  }
}
