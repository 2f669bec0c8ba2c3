/**
 * What stands of a site, and whose it is. A site that we make bears our mark in two places until it is kept: a table in its database, there
 * before the first of the site's own, and a file in its folder, there with the folder itself. So whoever comes after a kill knows a
 * half-made site of ours, which may be taken away, from everybody else's, which may not.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { siteName } from "../../backup/config.ts";
import type { Context } from "../../backup/context.ts";
import { info } from "../../backup/log.ts";
import { siteFolder, writeAtomically } from "../../backup/sites.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";
import { dialects } from "../ledger/dialect.ts";
import { unhex } from "../ledger/records.ts";
import { databaseExists, dropDatabase } from "../server.ts";
import { type Admin, adminOf, siteServer } from "./server.ts";
import { mark, quotingOf } from "./sql.ts";

/** Whose a mark is. */
interface Mark {
  readonly owner: string;
  readonly site: string;
  /** Release and attempt that began it. */
  readonly release: string;
  /** Whether all was done, and found well. */
  readonly made: boolean;
}

/** The mark in the folder. */
interface FileMark {
  readonly owner: string;
  readonly site: string;
  readonly release: string;
  /** The mark in the database is going, or gone, because the site is to stay. */
  readonly keeping?: boolean;
}

export type Standing =
  | { readonly kind: "nothing" }
  /** Ours, not kept yet. `made`: wholly, by this very attempt of this release. */
  | { readonly kind: "begun"; readonly made: boolean }
  /** A site that stands. */
  | { readonly kind: "kept" };

const attemptOf = ({ release }: ReleaseJob) => `${release.id}/${release.attempt}`;

const markFile = (job: ReleaseJob, site: string) => path.join(siteFolder(job.backup, site), `.${mark}.json`);
/** No site can be named so: it begins with a dot. */
const besideFolder = (job: ReleaseJob, site: string) => path.join(job.backup.sitesFolder, `.${site}.begun`);

/** Looks at a declared site's folder and database. @throws where they are not ours to touch, with the cause and the remedy */
export async function standingOf(context: Context, job: ReleaseJob, site: ReleaseSiteSpec): Promise<Standing> {
  if (!siteName.test(site.name)) throw new Error(`${JSON.stringify(site.name)} is no host name`);
  const folder = folderOf(job, site.name);
  const database = await databaseOf(context, job, site);
  const { schema } = site;
  if (folder === "other") {
    throw new Error(
      `${siteFolder(job.backup, site.name)} is there, and no site: move it away, or give the site another name`,
    );
  }
  if (typeof database === "object") {
    if (database.owner !== job.owner || database.site !== site.name) {
      throw new Error(
        `the database ${schema} is being made for ${database.site} by ${database.owner}: give the site another schema`,
      );
    }
    if (folder === "site") {
      throw new Error(
        `${site.name} has a folder that is not ours, and its database ${schema} is one that we began to make: ` +
          `drop the table ${mark} in it to keep both, or move the folder away to begin anew`,
      );
    }
    return { kind: "begun", made: folder !== "none" && database.made && database.release === attemptOf(job) };
  }
  if (database === "full") {
    if (folder === "none") {
      throw new Error(
        `the database ${schema} holds tables, and ${site.name} has no folder: nothing was touched; ` +
          "restore the site's folder, or drop the database yourself if nobody needs what is in it",
      );
    }
    if (folder === "ours") {
      throw new Error(
        `${site.name} has a folder that we began to make, and its database ${schema} holds tables without our mark: ` +
          "drop the database yourself if nobody needs what is in it",
      );
    }
    return { kind: "kept" };
  }
  if (folder === "site") {
    throw new Error(
      `${site.name} has a folder with a configuration, and its database ${schema} is ${database}: restore it from its backup, ` +
        "or move the folder away to make the site anew",
    );
  }
  return folder !== "none" ? { kind: "begun", made: false } : { kind: "nothing" };
}

function folderOf(job: ReleaseJob, site: string): "none" | "ours" | "keeping" | "site" | "other" {
  const folder = siteFolder(job.backup, site);
  if (!existsSync(folder)) return "none";
  const entries = readdirSync(folder);
  if (entries.length === 0) return "none";
  if (existsSync(markFile(job, site))) {
    const { owner, keeping } = JSON.parse(readFileSync(markFile(job, site), "utf8")) as FileMark;
    if (owner !== job.owner) return "other";
    return keeping === true ? "keeping" : "ours";
  }
  return entries.includes("site_config.json") ? "site" : "other";
}

async function databaseOf(
  context: Context,
  job: ReleaseJob,
  { schema }: ReleaseSiteSpec,
): Promise<"absent" | "empty" | "full" | Mark> {
  if (!(await databaseExists(context, job, schema))) return "absent";
  const { inside } = adminOf(context, job, schema);
  const [[relations] = []] = await inside(siteServer(job).relations);
  if (relations === "0") return "empty";
  const found = await readMark(job, inside);
  // The server died between the table and its row.
  if (found === "blank") return relations === "1" ? "empty" : "full";
  return found ?? "full";
}

async function readMark(job: ReleaseJob, inside: Admin["inside"]): Promise<Mark | "blank" | undefined> {
  const { hex, text } = dialects[job.backup.database.engine];
  const own = job.backup.database.engine === "mariadb" ? "DATABASE()" : "'public'";
  const [[known] = []] = await inside(
    `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ${own} AND table_name = ${text(mark)}`,
  );
  if (known === "0") return undefined;
  const columns = ["owner", "site", "attempt"].map(hex).join(", ");
  const [row] = await inside(`SELECT ${columns}, made FROM ${mark}`);
  if (row === undefined) return "blank";
  const [owner = "", site = "", release = ""] = row.slice(0, 3).map(unhex);
  return { owner, site, release, made: row[3] === "1" };
}

/** Marks an empty database as ours. */
export async function markDatabase(
  context: Context,
  job: ReleaseJob,
  { name, schema }: ReleaseSiteSpec,
): Promise<void> {
  const { text } = quotingOf(job);
  const [owner, site, attempt] = [job.owner, name, attemptOf(job)].map(text);
  await adminOf(context, job, schema).inside(
    `DROP TABLE IF EXISTS ${mark};\nCREATE TABLE ${mark} AS SELECT ${owner} AS owner, ${site} AS site, ${attempt} AS attempt, 0 AS made`,
  );
}

const fileMark = (job: ReleaseJob, site: string): FileMark => ({ owner: job.owner, site, release: attemptOf(job) });

/** Makes the site's folder, with our mark in it from the first moment. */
export function makeFolder(job: ReleaseJob, site: string): void {
  const [beside, folder] = [besideFolder(job, site), siteFolder(job.backup, site)];
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { mode: 0o755 });
  writeAtomically(path.join(beside, path.basename(markFile(job, site))), JSON.stringify(fileMark(job, site)));
  renameSync(beside, folder);
}

/** The one moment at which a site is made: before it, a next try begins anew. */
export async function markMade(context: Context, job: ReleaseJob, { schema }: ReleaseSiteSpec): Promise<void> {
  await adminOf(context, job, schema).inside(`UPDATE ${mark} SET made = 1`);
}

/** Takes both marks away: from now on the site is one like all others. Again changes nothing. */
export async function keepSite(context: Context, job: ReleaseJob, site: ReleaseSiteSpec): Promise<void> {
  const standing = await standingOf(context, job, site);
  if (standing.kind === "nothing" || (standing.kind === "begun" && !standing.made)) {
    throw new Error(`${site.name} cannot be kept: it is not wholly made by ${attemptOf(job)}`);
  }
  if (standing.kind === "begun") {
    writeAtomically(markFile(job, site.name), JSON.stringify({ ...fileMark(job, site.name), keeping: true }));
    await adminOf(context, job, site.schema).inside(`DROP TABLE ${mark}`);
    info("new site kept", { site: site.name });
  }
  rmSync(markFile(job, site.name), { force: true });
}

/**
 * Takes away what we began to make of a site: its user, its database, its folder. Answers whether there was anything.
 * @throws for a site that was kept, or is somebody else's: nothing is touched then.
 */
export async function removeBegun(context: Context, job: ReleaseJob, site: ReleaseSiteSpec): Promise<boolean> {
  const { kind } = await standingOf(context, job, site);
  if (kind === "nothing") return false;
  if (kind === "kept") throw new Error(`${site.name} stands, and is no site that we are making: it stays`);
  const login = { schema: site.schema, user: site.schema, password: "" };
  const admin = adminOf(context, job, site.schema);
  // What a killed try has left running on the server must not come back while the rest goes.
  await siteServer(job).lockOut(admin, login);
  await dropDatabase(context, job, site.schema);
  await siteServer(job).dropUser(admin, login);
  for (const each of [siteFolder(job.backup, site.name), besideFolder(job, site.name)]) {
    rmSync(each, { recursive: true, force: true });
  }
  info("half-made site removed", { site: site.name });
  return true;
}
