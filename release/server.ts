/** The bench's database server as its administrator sees it: the ledger's place, scratch databases, what exists. */
import type { Context } from "../backup/context.ts";
import { databaseOf } from "../backup/databases/index.ts";
import { quotings } from "../backup/databases/quoting.ts";
import type { Login } from "../backup/login.ts";
import type { SqlClient } from "./ledger/records.ts";
import type { ReleaseJob } from "./job.ts";
import { readLogin } from "./login.ts";

/** A database that every server has, to be connected to before ours is there. */
const always = { mariadb: "information_schema", postgres: "postgres" } as const;

/** Names that are ours or derived from ours: letters, digits, underscores, as they stand, capitals too: never folded, since quoted. */
export const plain = /^[a-z0-9_]{1,63}$/i;

/** How the administrator logs in, to one database. */
export const adminLogin = (job: ReleaseJob, schema: string): Login => readLogin(job.adminFolder, schema);

/** Statements as the administrator, in one database of the server. */
export function adminClient(context: Context, job: ReleaseJob, schema?: string): SqlClient {
  const { engine } = job.backup.database;
  const login = adminLogin(job, schema ?? always[engine]);
  return { engine, query: (sql) => databaseOf(context).query(context, login, sql) };
}

function refuseOdd(name: string): void {
  if (!plain.test(name)) {
    throw new Error(`${JSON.stringify(name)} is no name for a database: letters, digits and _, at most 63`);
  }
}

export async function databaseExists(context: Context, job: ReleaseJob, name: string): Promise<boolean> {
  refuseOdd(name);
  const { engine, query } = adminClient(context, job);
  const sql = {
    mariadb: `SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '${name}'`,
    postgres: `SELECT COUNT(*) FROM pg_database WHERE datname = '${name}'`,
  }[engine];
  return (await query(sql))[0]?.[0] === "1";
}

/** Makes an empty database, unless it is there, or another makes it in this moment. */
export async function ensureDatabase(context: Context, job: ReleaseJob, name: string): Promise<void> {
  if (await databaseExists(context, job, name)) return;
  const { engine, query } = adminClient(context, job);
  const options = {
    mariadb: "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
    postgres: "ENCODING 'UTF8' TEMPLATE template0",
  };
  try {
    await query(`CREATE DATABASE ${quotings[engine].name(name)} ${options[engine]}`);
  } catch (error) {
    if (!(await databaseExists(context, job, name))) throw error;
  }
}

/** Ends a database, with whoever is connected to it. Only for what this program has made, or the site's own attempt. */
export async function dropDatabase(context: Context, job: ReleaseJob, name: string): Promise<void> {
  refuseOdd(name);
  const { engine, query } = adminClient(context, job);
  await query(`DROP DATABASE IF EXISTS ${quotings[engine].name(name)}${engine === "postgres" ? " WITH (FORCE)" : ""}`);
}

/**
 * The server's own lasting identity, for the record. Nothing is refused by it: a replica that has taken over may have another, and the same
 * data. What a release may write to is where its ledger is.
 */
export async function serverIdentity(context: Context, job: ReleaseJob): Promise<string> {
  const { engine, query } = adminClient(context, job);
  const sql = {
    // MariaDB has none that lasts: the moment at which its oldest system table was made is written once, by its installation.
    mariadb: "SELECT MIN(create_time) FROM information_schema.tables WHERE table_schema = 'mysql'",
    postgres: "SELECT system_identifier FROM pg_control_system()",
  }[engine];
  const [[identity = ""] = []] = await query(sql);
  if (identity === "") throw new Error("the database server does not say who it is");
  return `${engine}:${identity}`;
}

/** Milliseconds since 1970 by the server's clock, as all times of the ledger are. */
export async function serverTime(context: Context, job: ReleaseJob): Promise<number> {
  const { engine, query } = adminClient(context, job);
  const sql = {
    mariadb: "SELECT UNIX_TIMESTAMP(NOW(3))",
    postgres: "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
  }[engine];
  const [[seconds] = []] = await query(sql);
  return Number(seconds) * 1_000;
}
