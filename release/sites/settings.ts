/**
 * What the platform sets in a site's System Settings. Written by statements: `bench execute frappe.db.set_single_value` checks nothing
 * (frappe-live §11), and Frappe 15 takes `session_expiry` from the site's defaults, which it does not write (frappe/sessions.py,
 * get_expiry_period); the document itself cannot be saved before the setup wizard has run.
 */
import { randomBytes } from "node:crypto";
import type { Context } from "../../backup/context.ts";
import { databaseOf } from "../../backup/databases/index.ts";
import { info } from "../../backup/log.ts";
import { type Login, loginOf } from "../../backup/login.ts";
import { clearCache } from "../bench/commands.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";
import { quotingOf } from "./sql.ts";

const document = "System Settings";

/** Hours and minutes: `8h` would be taken without a word and end no session. */
const hours = /^(?!0+:00$)\d{2,3}:[0-5]\d$/;

/** What a password must reach at least, out of 2 (medium) to 4 (very strong). */
const leastScore = 2;

export function checkSettings({ name, settings }: ReleaseSiteSpec): void {
  if (!hours.test(settings.sessionExpiry)) {
    throw new Error(
      `${name}: sessionExpiry is ${JSON.stringify(settings.sessionExpiry)}, expected hours:minutes as "12:00"`,
    );
  }
}

/** A field's value as it is to be, given the one that stands. */
const wanted = ({ settings }: ReleaseSiteSpec): Readonly<Record<string, (standing: string) => string>> => ({
  session_expiry: () => settings.sessionExpiry,
  deny_multiple_sessions: () => (settings.denyMultipleSessions ? "1" : "0"),
  enable_password_policy: () => "1",
  // A stricter one is somebody's will.
  minimum_password_score: (standing) => (Number(standing) >= leastScore ? standing : String(leastScore)),
});

/**
 * Sets what differs, in one transaction; answers the names of the fields, none where all was right. A field that the site's Frappe does not
 * have is left out.
 */
export async function applySettings(
  context: Context,
  job: ReleaseJob,
  site: ReleaseSiteSpec,
): Promise<readonly string[]> {
  checkSettings(site);
  const login = loginOf(job.backup, site.name);
  const { text, name } = quotingOf(job);
  const query = (sql: string) => databaseOf(context).query(context, login, sql);
  const rules = wanted(site);
  const fields = Object.keys(rules).map(text).join(", ");
  const pairs = async (sql: string) =>
    new Map((await query(sql)).map(([key = "", value = ""]): [string, string] => [key, value]));
  const known = await pairs(
    `SELECT fieldname, fieldname FROM ${name("tabDocField")} WHERE parent = ${text(document)} AND fieldname IN (${fields})`,
  );
  const singles = await pairs(
    `SELECT field, value FROM ${name("tabSingles")} WHERE doctype = ${text(document)} AND field IN (${fields})`,
  );
  const defaults = await pairs(
    `SELECT defkey, defvalue FROM ${name("tabDefaultValue")} WHERE parent = '__default' AND defkey IN (${fields})`,
  );
  const statements: string[] = [];
  const changed = Object.entries(rules).flatMap(([field, rule]) => {
    if (!known.has(field)) return [];
    const value = rule(singles.get(field) ?? "");
    if (singles.get(field) === value && defaults.get(field) === value) return [];
    const row = [field, value].map(text);
    const id = text(randomBytes(5).toString("hex"));
    statements.push(
      `DELETE FROM ${name("tabSingles")} WHERE doctype = ${text(document)} AND field = ${text(field)}`,
      `INSERT INTO ${name("tabSingles")} (doctype, field, value) VALUES (${text(document)}, ${row.join(", ")})`,
      `DELETE FROM ${name("tabDefaultValue")} WHERE parent = '__default' AND defkey = ${text(field)}`,
      `INSERT INTO ${name("tabDefaultValue")} (name, creation, modified, owner, parent, defkey, defvalue) ` +
        `VALUES (${id}, NOW(), NOW(), 'Administrator', '__default', ${row.join(", ")})`,
    );
    return [field];
  });
  if (changed.length === 0) return [];
  await query(["START TRANSACTION", ...statements, "COMMIT"].join(";\n"));
  await clearCache(context, job, site.name);
  info("settings changed", { site: site.name, fields: changed });
  return changed;
}

/** Whether the site's own switch for scheduled jobs is on. */
export async function schedulerOn(context: Context, job: ReleaseJob, login: Login): Promise<boolean> {
  const { text, name } = quotingOf(job);
  const sql = `SELECT value FROM ${name("tabSingles")} WHERE doctype = ${text(document)} AND field = 'enable_scheduler'`;
  return (await databaseOf(context).query(context, login, sql))[0]?.[0] === "1";
}
