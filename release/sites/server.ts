/** What a database server is asked about a site's user, alike for both engines. */
import type { Context } from "../../backup/context.ts";
import { databaseOf } from "../../backup/databases/index.ts";
import type { Login } from "../../backup/login.ts";
import type { ReleaseJob } from "../job.ts";
import { adminClient } from "../server.ts";
import { mariadb } from "./mariadb.ts";
import { postgres } from "./postgres.ts";

/** Statements as the administrator: in the database that every server has, or in the site's. */
export interface Admin {
  /** Ends what is waited for. */
  readonly signal: AbortSignal;
  readonly anywhere: (sql: string) => Promise<string[][]>;
  readonly inside: (sql: string) => Promise<string[][]>;
}

export interface SiteServer {
  /** Rights that a user has outside the schema of a site, each in the server's words; empty where there is no such user. */
  readonly foreignRights: (admin: Admin, login: Login) => Promise<readonly string[]>;
  /** Puts right all but the password; says what it did. The database is there. */
  readonly ensureUser: (admin: Admin, login: Login) => Promise<readonly string[]>;
  /** Gives the user its password, and the right to use it. */
  readonly setPassword: (admin: Admin, login: Login) => Promise<void>;
  /** What may keep a user with a right password out, in words; empty if nothing is known. */
  readonly hindrance: (admin: Admin, login: Login) => Promise<string>;
  /** Lets the user in no more, and ends whoever is connected to the database or is its user. */
  readonly lockOut: (admin: Admin, login: Login) => Promise<void>;
  /** Takes a user away whose database is gone; one that has things elsewhere is only let in no more. */
  readonly dropUser: (admin: Admin, login: Login) => Promise<void>;
  /** Lists the user's sessions: id, the address that each comes from, seconds since its last statement began. */
  readonly sessions: (login: Login) => string;
  /** How many tables and views stand in the database, whoever's. */
  readonly relations: string;
}

const servers: Readonly<Record<"mariadb" | "postgres", SiteServer>> = { mariadb, postgres };

export const siteServer = ({ backup }: ReleaseJob): SiteServer => servers[backup.database.engine];

export const adminOf = (context: Context, job: ReleaseJob, schema: string): Admin => ({
  signal: context.signal,
  anywhere: (sql) => adminClient(context, job).query(sql),
  inside: (sql) => adminClient(context, job, schema).query(sql),
});

/** Whether a site's user gets in with its password; the server's words if not. */
export async function logsIn(context: Context, login: Login): Promise<true | string> {
  try {
    await databaseOf(context).query(context, login, "SELECT 1");
    return true;
  } catch (error) {
    context.signal.throwIfAborted();
    return String(error);
  }
}
