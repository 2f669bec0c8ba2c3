/**
 * Whether a site is well: `/login` answers, and a document type of each app can be read. A ping proves nothing: it answers on sites that
 * are half migrated, half restored, or without an app's code (frappe-live §2).
 */
import type { Context } from "../../backup/context.ts";
import { databaseOf } from "../../backup/databases/index.ts";
import { installedApps } from "../../backup/installed-apps.ts";
import { clean } from "../../backup/log.ts";
import { type Login, loginOf } from "../../backup/login.ts";
import type { ReleaseJob } from "../job.ts";
import { isClosed, readFlags, setFlags } from "./flags.ts";
import { type Answer, get } from "./http.ts";
import { asAdministrator } from "./session.ts";
import { quotingOf } from "./sql.ts";

export interface Probe {
  readonly site: string;
  /** Base URL of a web, or of an nginx before it: `http://host:port`. */
  readonly endpoint: string;
  /** For each answer. @default 20 */
  readonly seconds?: number;
}

/** Asks once; answers what is wrong, for a person, or undefined for a site that is well. */
export async function problemOf(context: Context, job: ReleaseJob, probe: Probe): Promise<string | undefined> {
  const { endpoint, site, seconds = 20 } = probe;
  const { signal } = context;
  const ask = async (path: string, cookie?: string) =>
    said(path, await get(endpoint, site, path, { signal, seconds, ...(cookie !== undefined && { cookie }) }));
  const at = (problem: string | undefined) => problem && `${site} at ${endpoint}: ${clean(problem)}`;
  const page = await ask("/login");
  if (page !== undefined) return at(page);
  const doctypes = await readable(context, job, site);
  if (doctypes.length === 0) return at("it has no app with a document type to read");
  return asAdministrator(context, job, probe, async (cookie) => {
    for (const doctype of doctypes) {
      const problem = await ask(`/api/resource/${encodeURIComponent(doctype)}?limit_page_length=1`, cookie);
      if (problem !== undefined) return at(problem);
    }
    return undefined;
  });
}

/**
 * As `problemOf`, for a site in maintenance: it answers reads meanwhile, and writes to nobody. A kill leaves the key behind for `restoreFlags`.
 * Of a site that another process opens in the meantime the flags are that one's.
 */
export async function problemOfClosed(context: Context, job: ReleaseJob, probe: Probe): Promise<string | undefined> {
  const { site } = probe;
  if (!isClosed(job, site)) return problemOf(context, job, probe);
  const { allow_reads_during_maintenance: stood } = readFlags(job, site);
  setFlags(job, site, { allow_reads_during_maintenance: 1 });
  try {
    return await problemOf(context, job, probe);
  } finally {
    if (isClosed(job, site)) setFlags(job, site, { allow_reads_during_maintenance: stood });
  }
}

/** What an answer has against it. Of a failure, the kind of the exception only: its text may quote rows. */
function said(path: string, answer: Answer): string | undefined {
  if (answer.status === undefined) return `${path}: ${answer.problem}`;
  if (answer.status === 200) return undefined;
  const [, exception = ""] = /"exc_type": ?"(\w+)"/.exec(answer.body) ?? [];
  return `${path} answers ${answer.status}${exception && ` (${exception})`}`;
}

/** Kinds of document types that cannot be listed, where the site's Frappe has them. */
const unlistable = ["issingle", "istable", "is_virtual"];

/** The first document type of each installed app that has one. */
async function readable(context: Context, job: ReleaseJob, site: string): Promise<readonly string[]> {
  const login = loginOf(job.backup, site);
  const { text, name } = quotingOf(job);
  const query = (sql: string) => databaseOf(context).query(context, login, sql);
  const conditions = (await columnsOf(context, job, login, "tabDocType"))
    .filter((column) => unlistable.includes(column))
    .map((column) => ` AND d.${column} = 0`);
  const found: string[] = [];
  for (const app of await installedApps(context, login)) {
    const [[doctype] = []] = await query(
      `SELECT MIN(d.name) FROM ${name("tabDocType")} d JOIN ${name("tabModule Def")} m ON m.name = d.module ` +
        `WHERE m.app_name = ${text(app)} AND d.custom = 0${conditions.join("")}`,
    );
    if (doctype !== undefined && doctype !== "" && doctype !== "NULL") found.push(doctype);
  }
  return found;
}

async function columnsOf(context: Context, job: ReleaseJob, login: Login, table: string): Promise<readonly string[]> {
  const { text } = quotingOf(job);
  const own = job.backup.database.engine === "mariadb" ? "DATABASE()" : "'public'";
  const sql = `SELECT column_name FROM information_schema.columns WHERE table_schema = ${own} AND table_name = ${text(table)}`;
  return (await databaseOf(context).query(context, login, sql)).map(([column = ""]) => column);
}
