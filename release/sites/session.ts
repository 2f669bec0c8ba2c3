/**
 * A short session of the Administrator, for reading what a guest may not. Made by a row of ours: signing in is a write that a site in
 * maintenance refuses, throws out whoever else is signed in where only one session is allowed, and takes a password that its owner may have
 * changed. (frappe/sessions.py: get_session_data_from_db)
 */
import { randomBytes } from "node:crypto";
import type { Context } from "../../backup/context.ts";
import { databaseOf } from "../../backup/databases/index.ts";
import { conceal } from "../../backup/log.ts";
import { loginOf } from "../../backup/login.ts";
import type { ReleaseJob } from "../job.ts";
import { get } from "./http.ts";
import { quotingOf } from "./sql.ts";

/** What its id begins with, so that one which a kill has left is found again. */
const prefix = "releaseprobe";

/** Its times are in the site's own zone, which is up to 14 hours from the server's; it may then live for so long, if it is not ended. */
const ahead = { mariadb: "NOW() + INTERVAL 15 HOUR", postgres: "NOW() + INTERVAL '15 hours'" } as const;

/** Does something as the site's Administrator, signed in at `endpoint`; the session is gone afterwards. */
export async function asAdministrator<T>(
  context: Context,
  job: ReleaseJob,
  { site, endpoint }: { readonly site: string; readonly endpoint: string },
  work: (cookie: string) => Promise<T>,
): Promise<T> {
  const login = loginOf(job.backup, site);
  const { text, name } = quotingOf(job);
  const query = (sql: string) => databaseOf(context).query(context, login, sql);
  const sessions = name("tabSessions");
  const sid = `${prefix}${randomBytes(24).toString("hex")}`;
  conceal(sid);
  const forget = `DELETE FROM ${sessions} WHERE sid LIKE '${prefix}%'`;
  const own = job.backup.database.engine === "mariadb" ? "DATABASE()" : "'public'";
  const [[full] = []] = await query(
    `SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = ${own} AND table_name = 'tabSessions' AND column_name = 'sessiondata'`,
  );
  // Frappe 15 evaluates it as Python, 16 parses it as JSON: this is both.
  const data = { user: "Administrator", user_type: "System User", session_expiry: "01:00:00" };
  const more = full === "1" ? [", sessiondata", `, ${text(JSON.stringify(data))}`] : ["", ""];
  await query(
    `${forget};\nINSERT INTO ${sessions} (sid, ${name("user")}, lastupdate${more[0]}) ` +
      `VALUES ('${sid}', 'Administrator', ${ahead[job.backup.database.engine]}${more[1]})`,
  );
  const cookie = `sid=${sid}`;
  try {
    return await work(cookie);
  } finally {
    // Frappe keeps sessions in redis_cache, too: only its own logout forgets it there. A closed site refuses that, and has kept none.
    await get(endpoint, site, "/api/method/logout", { signal: context.signal, method: "POST", cookie });
    await query(forget);
  }
}
