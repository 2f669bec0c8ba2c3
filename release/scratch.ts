/** A backup is believed when it was restored: into a scratch database beside the sites' own, and compared there. */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import type { Context } from "../backup/context.ts";
import { databaseOf } from "../backup/databases/index.ts";
import type { Login } from "../backup/login.ts";
import { type Manifest, rowsOf, short } from "../backup/manifest.ts";
import type { Snapshot } from "../backup/repository.ts";
import { extractDump } from "../backup/restore/choice.ts";
import type { ReleaseJob } from "./job.ts";
import { adminLogin, dropDatabase, ensureDatabase } from "./server.ts";

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

function refuseOther(what: string, restored: unknown, expected: unknown): void {
  if (restored !== expected) {
    throw new Error(
      `the backup, restored into scratch, differs in ${what}: ${String(restored)}, expected ${String(expected)}`,
    );
  }
}
