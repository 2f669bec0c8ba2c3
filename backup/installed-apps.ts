/** Which apps a site has, as Frappe itself knows it. */
import type { Context } from "./context.ts";
import { databaseOf } from "./databases/index.ts";
import type { Login } from "./login.ts";

const defaultsTable = "tabDefaultValue";

/**
 * Frappe's own list, in order of installation; `bench list-apps` shows another one (none, for a new site; old versions after a failed
 * migrate). Empty where the database is no site's.
 * @param tables of the database, where they are known.
 * @throws when the list cannot be read.
 */
export async function installedApps(
  context: Context,
  login: Login,
  tables?: readonly string[],
): Promise<readonly string[]> {
  const database = databaseOf(context);
  if (!(tables ?? (await database.tables(context, login))).includes(defaultsTable)) return [];
  const table = context.job.database.engine === "mariadb" ? defaultsTable : `public."${defaultsTable}"`;
  const sql = `SELECT defvalue FROM ${table} WHERE parent = '__global' AND defkey = 'installed_apps'`;
  const [[value = "[]"] = []] = await database.query(context, login, sql);
  return (JSON.parse(value) as unknown[]).filter((each) => typeof each === "string");
}
