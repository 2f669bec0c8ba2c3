/** MariaDB, by its own programs. */
import { type ClientContext, type Context, childEnvironment, ownFile } from "../context.ts";
import { type Ended, run, wordsOf } from "../process.ts";
import type { Login } from "../login.ts";
import { type Database, withoutRows } from "./index.ts";
import { quotings } from "./quoting.ts";
import { allGone, idleSeconds } from "./sessions.ts";

/** An option file's value: quoted, so that `#` and spaces are themselves. */
const quoted = (value: string) => `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
const { name, text } = quotings.mariadb;

/** The option file of a site's user: the one place where its password goes. */
function defaults(context: ClientContext, login: Login): string {
  const { host, port, tls } = context.job.database;
  const lines = ["[client]", "protocol=tcp", `host=${quoted(host)}`, `port=${port}`, `user=${quoted(login.user)}`];
  lines.push(`password=${quoted(login.password)}`, "default-character-set=utf8mb4");
  if (tls !== undefined) lines.push("ssl");
  if (tls !== undefined && tls !== true) {
    lines.push(`ssl-ca=${quoted(tls.ca)}`, "ssl-verify-server-cert");
    if (tls.cert !== undefined && tls.key !== undefined) {
      lines.push(`ssl-cert=${quoted(tls.cert)}`, `ssl-key=${quoted(tls.key)}`);
    }
  }
  return `--defaults-extra-file=${ownFile(context, `${login.schema}.cnf`, `${lines.join("\n")}\n`)}`;
}

const client = (context: ClientContext, login: Login): [string, ...string[]] => [
  "mariadb",
  defaults(context, login),
  "--batch",
  "--skip-column-names",
  "--unbuffered",
  "--connect-timeout=20",
  "--max-allowed-packet=1G",
];

async function runScript(context: ClientContext, login: Login, file: string): Promise<Ended> {
  const argv = [...client(context, login), "--binary-mode", login.schema] as const;
  return run({ argv: [...argv], env: childEnvironment(context), input: file, signal: context.signal });
}

async function query(context: ClientContext, login: Login, sql: string): Promise<string[][]> {
  const file = ownFile(context, "query.sql", `${sql};\n`);
  const ended = await runScript(context, login, file);
  if (ended.code !== 0) throw new Error(`MariaDB: ${wordsOf(ended)}`);
  return rowsOf(ended.stdout);
}

const rowsOf = (stdout: string) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));

const options = [
  "--single-transaction",
  "--quick",
  "--skip-lock-tables",
  "--routines",
  "--triggers",
  "--hex-blob",
  "--default-character-set=utf8mb4",
  "--no-tablespaces",
  "--max-allowed-packet=1G",
];

async function dump(context: Context, login: Login, file: string): Promise<void> {
  const attempt = (events: readonly string[]) =>
    run({
      argv: ["mariadb-dump", defaults(context, login), ...options, ...events, login.schema],
      env: childEnvironment(context),
      output: file,
      signal: context.signal,
    });
  let ended = await attempt(["--events"]);
  // A site's user may lack the right to see events: then it can have made none.
  if (ended.code !== 0 && /show events.*\(1044\)/i.test(ended.stderr)) ended = await attempt([]);
  if (ended.code !== 0) throw new Error(`mariadb-dump ${wordsOf(ended)}`);
}

const schemaTables = (type: string) =>
  `SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = '${type}'`;

/** Statements that drop all that stands in a database, whatever depends on what. */
async function dropAll(context: Context, login: Login): Promise<string[]> {
  const kinds = { VIEW: "VIEW", TABLE: "BASE TABLE", SEQUENCE: "SEQUENCE" } as const;
  const drops: string[] = [];
  for (const [kind, type] of Object.entries(kinds)) {
    for (const [each = ""] of await query(context, login, schemaTables(type))) drops.push(`DROP ${kind} ${name(each)}`);
  }
  const routines =
    "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()";
  for (const [kind = "", each = ""] of await query(context, login, routines)) drops.push(`DROP ${kind} ${name(each)}`);
  const events = "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()";
  for (const [each = ""] of await query(context, login, events)) drops.push(`DROP EVENT ${name(each)}`);
  return drops;
}

async function load(context: Context, login: Login, file: string): Promise<void> {
  const drops = await dropAll(context, login);
  await query(context, login, ["SET lock_wait_timeout = 60", "SET foreign_key_checks = 0", ...drops].join(";\n"));
  const ended = await runScript(context, login, file);
  if (ended.code !== 0) throw new Error(`mariadb ${wordsOf(withoutRows(ended))}`);
}

export const mariadb: Database = {
  trailer: "-- Dump completed",
  loadsWhole: false,
  query,
  dump,
  load,
  passing: (message) => /\b1412\b|\(1412\)|table definition has changed/i.test(message),
  version: async (context, login) => (await query(context, login, "SELECT VERSION()"))[0]?.[0] ?? "",
  tables: async (context, login) =>
    (await query(context, login, schemaTables("BASE TABLE"))).map(([each = ""]) => each),
  size: async (context, login) => {
    const sum = "SELECT COALESCE(SUM(data_length), 0) FROM information_schema.tables WHERE table_schema = DATABASE()";
    return Number((await query(context, login, sum))[0]?.[0]);
  },
  counts: async (context, login, tables) => {
    const each = tables.map((table) => `SELECT COUNT(*) FROM ${name(table)}`);
    const rows = await query(context, login, each.join(";\n"));
    return Object.fromEntries(tables.map((table, index) => [table, Number(rows[index]?.[0])]));
  },
  checksums: async (context, login, tables) => {
    if (tables.length === 0) return {};
    // EXTENDED reads every row; the server adds each row's own up, so that their order plays no part.
    const rows = await query(context, login, `CHECKSUM TABLE ${tables.map(name).join(", ")} EXTENDED`);
    return Object.fromEntries(tables.map((table, index) => [table, rows[index]?.[1] ?? ""]));
  },
  endSessions: (context, login, except) => {
    const others = `SELECT id FROM information_schema.processlist WHERE user = ${text(login.user)} AND id NOT IN (CONNECTION_ID(), ${Number(except)})`;
    return allGone(
      context.signal,
      async () => (await query(context, login, others)).map(([id = ""]) => id),
      // One that has gone by itself is an error of its own KILL only.
      async (id) => {
        await query(context, login, `KILL ${id}`).catch((error: unknown) => {
          if (!String(error).includes("1094")) throw error;
        });
      },
    );
  },
  lockClient: (context, login, lock) => ({
    argv: client(context, login),
    env: childEnvironment(context),
    // Of a node that is lost, the server learns nothing: its silence frees the lock.
    take: `SET SESSION wait_timeout = ${idleSeconds}; SELECT GET_LOCK(${text(lock)}, 0), CONNECTION_ID();\n`,
    ask: `SELECT IS_USED_LOCK(${text(lock)}) = CONNECTION_ID();\n`,
  }),
};
