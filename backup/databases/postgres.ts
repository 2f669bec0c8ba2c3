/** Postgres, by its own programs. */
import { type ClientContext, type Context, childEnvironment, ownFile } from "../context.ts";
import { run, wordsOf } from "../process.ts";
import type { Login } from "../login.ts";
import { type Database, withoutRows } from "./index.ts";
import { quotings } from "./quoting.ts";
import { allGone, idleSeconds } from "./sessions.ts";

const { name, text } = quotings.postgres;

/** How to connect, told by the environment; the password by a file alone. */
function environment(context: ClientContext, login: Login, database = login.schema): Record<string, string> {
  const { host, port, tls } = context.job.database;
  const escaped = login.password.replaceAll(/[\\:]/g, String.raw`\$&`);
  const files = tls === undefined || tls === true ? undefined : tls;
  return childEnvironment(context, {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: login.user,
    PGDATABASE: database,
    PGPASSFILE: ownFile(context, `${login.schema}.pgpass`, `*:*:*:*:${escaped}\n`),
    PGCONNECT_TIMEOUT: "20",
    PGSSLMODE: tls === undefined ? "prefer" : files === undefined ? "require" : "verify-full",
    PGSSLROOTCERT: files?.ca,
    PGSSLCERT: files?.cert,
    PGSSLKEY: files?.key,
    LD_LIBRARY_PATH: context.job.libraries,
  });
}

const columnEnd = "\u001f";
const client: readonly [string, ...string[]] = [
  "psql",
  "--no-psqlrc",
  "--no-password",
  "--quiet",
  "--no-align",
  "--tuples-only",
  "--set=ON_ERROR_STOP=1",
  "--set=VERBOSITY=terse",
];

async function query(context: ClientContext, login: Login, sql: string): Promise<string[][]> {
  const file = ownFile(context, "query.sql", `${sql};\n`);
  const ended = await run({
    argv: [...client, `--field-separator=${columnEnd}`, `--file=${file}`],
    env: environment(context, login),
    signal: context.signal,
  });
  if (ended.code !== 0) throw new Error(`Postgres: ${wordsOf(ended)}`);
  const lines = ended.stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split(columnEnd));
}

async function dump(context: Context, login: Login, file: string): Promise<void> {
  const ended = await run({
    argv: ["pg_dump", "--format=plain", "--encoding=UTF8", "--no-owner", "--no-privileges", "--no-password"],
    env: environment(context, login),
    output: file,
    signal: context.signal,
  });
  if (ended.code !== 0) throw new Error(`pg_dump ${wordsOf(ended)}`);
}

async function load(context: Context, login: Login, file: string): Promise<void> {
  const statements = ["SET lock_timeout = '60s'", "SET client_min_messages = warning", "DROP SCHEMA public CASCADE"];
  const clear = ownFile(context, "clear.sql", `${[...statements, "CREATE SCHEMA public"].join(";\n")};\n`);
  const ended = await run({
    argv: [...client, "--single-transaction", "--output=/dev/null", `--file=${clear}`, `--file=${file}`],
    env: environment(context, login),
    signal: context.signal,
  });
  if (ended.code !== 0) throw new Error(`psql ${wordsOf(withoutRows(ended))}`);
}

const theTables =
  "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema = 'public'";

/** Of a node that is lost, the server learns nothing: its silence frees the lock. Servers before 14 do not know the setting. */
const endIdle = `DO $$ BEGIN IF current_setting('server_version_num')::int >= 140000 THEN SET idle_session_timeout = '${idleSeconds}s'; END IF; END $$;`;

export const postgres: Database = {
  trailer: "-- PostgreSQL database dump complete",
  loadsWhole: true,
  query,
  dump,
  load,
  passing: () => false,
  version: async (context, login) => (await query(context, login, "SHOW server_version"))[0]?.[0] ?? "",
  tables: async (context, login) => (await query(context, login, theTables)).map(([each = ""]) => each),
  size: async (context, login) => {
    const sum =
      "SELECT COALESCE(SUM(pg_table_size(oid)), 0) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    return Number((await query(context, login, sum))[0]?.[0]);
  },
  counts: async (context, login, tables) => {
    const each = tables.map((table) => `SELECT COUNT(*) FROM public.${name(table)}`);
    const rows = await query(context, login, each.join(";\n"));
    return Object.fromEntries(tables.map((table, index) => [table, Number(rows[index]?.[0])]));
  },
  checksums: async (context, login, tables) => {
    const sum = (table: string) =>
      `SELECT COALESCE(SUM(hashtextextended("the row"::text, 0)::numeric), 0) || ' ' || COUNT(*) FROM public.${name(table)} AS "the row"`;
    const rows = await query(context, login, tables.map(sum).join(";\n"));
    return Object.fromEntries(tables.map((table, index) => [table, rows[index]?.[0] ?? ""]));
  },
  endSessions: (context, login, except) => {
    const others = `FROM pg_stat_activity WHERE usename = ${text(login.user)} AND datname = ${text(login.schema)} AND pid NOT IN (pg_backend_pid(), ${Number(except)})`;
    return allGone(
      context.signal,
      async () => (await query(context, login, `SELECT pid ${others}`)).map(([pid = ""]) => pid),
      async (pid) => void (await query(context, login, `SELECT pg_terminate_backend(${Number(pid)})`)),
    );
  },
  // Advisory locks belong to a database: `postgres` is the one that all sites can reach.
  lockClient: (context, login, lock) => ({
    argv: [...client, `--field-separator=${columnEnd}`],
    env: environment(context, login, "postgres"),
    take: `${endIdle} SELECT pg_try_advisory_lock(hashtextextended(${text(lock)}, 0))::int || ' ' || pg_backend_pid();\n`,
    ask: `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() LIMIT 1;\n`,
  }),
};
