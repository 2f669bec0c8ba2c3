/** What a backup asks of a database server, alike for both engines. */
import type { ClientContext, Context } from "../context.ts";
import type { Ended } from "../process.ts";
import type { Login } from "../login.ts";
import { mariadb } from "./mariadb.ts";
import { postgres } from "./postgres.ts";

/** A client that stays connected: how to start it, and what it is to say. */
export interface LockClient {
  readonly argv: readonly [string, ...string[]];
  readonly env: Record<string, string>;
  /** Takes the lock without waiting: prints `1 <session>` when it has it, `0 <session>` when another has. */
  readonly take: string;
  /** Asks whether it is still held: prints `1`. */
  readonly ask: string;
}

export interface Database {
  readonly trailer: string;
  /** Rows of a query, as text. */
  readonly query: (context: ClientContext, login: Login, sql: string) => Promise<string[][]>;
  readonly version: (context: Context, login: Login) => Promise<string>;
  /** Names of the tables with rows of their own. */
  readonly tables: (context: Context, login: Login) => Promise<string[]>;
  /** Bytes of its rows, about. */
  readonly size: (context: Context, login: Login) => Promise<number>;
  readonly counts: (context: Context, login: Login, tables: readonly string[]) => Promise<Record<string, number>>;
  /** A digest of each table's rows, the same wherever and in whatever order they lie. */
  readonly checksums: (context: Context, login: Login, tables: readonly string[]) => Promise<Record<string, string>>;
  /** Writes the whole database into a file; throws with the cause. */
  readonly dump: (context: Context, login: Login, file: string) => Promise<void>;
  /** Whether a failed dump is worth another try. */
  readonly passing: (message: string) => boolean;
  /** Ends every other session of the site's user, but for the one that holds our lock; resolves when they are gone. */
  readonly endSessions: (context: Context, login: Login, except: string) => Promise<void>;
  /** Makes the database what the dump says, and nothing else. */
  readonly load: (context: Context, login: Login, file: string) => Promise<void>;
  /** Whether a failed load leaves the old state, since it is one transaction. */
  readonly loadsWhole: boolean;
  readonly lockClient: (context: Context, login: Login, name: string) => LockClient;
}

export const databases: Readonly<Record<"mariadb" | "postgres", Database>> = { mariadb, postgres };

export const databaseOf = ({ job }: ClientContext): Database => databases[job.database.engine];

const full = /^ERROR (?:1114|1021) |\berrno: 28\b|No space left on device/m;

/** What a client wrote about a failure, without the rows that it quotes; of a full disk the remedy, since its words are often in quotes. */
export function withoutRows(ended: Ended): Ended {
  const lines = ended.stderr.split("\n").filter((line) => /^(?:ERROR|FATAL|psql:|mariadb:)/.test(line));
  const said = lines.map((line) => line.replaceAll(/'(?:[^']|'')*'?/g, "'…'").replace(/: ".*/, ': "…"'));
  const remedy =
    "the database server's disk is full: give it room (frappe:database.storage.size, where the server is the stack's)";
  return { ...ended, stderr: [...said, ...(full.test(ended.stderr) ? [remedy] : [])].join("\n") };
}
