/** The ledger's reader: a user that may read the ledger and nothing else, for pods that have no business with the administrator. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../backup/context.ts";
import { databaseOf } from "../backup/databases/index.ts";
import { quotings } from "../backup/databases/quoting.ts";
import { info } from "../backup/log.ts";
import type { Login } from "../backup/login.ts";
import type { ReleaseJob } from "./job.ts";
import { readLogin } from "./login.ts";
import { adminLogin, plain } from "./server.ts";
import { account, ofSchema } from "./sites/mariadb.ts";
import { verifier } from "./sites/postgres.ts";
import { adminOf, siteServer } from "./sites/server.ts";

/** Users' names end sooner than databases' do: 32 letters on older MariaDB and MySQL services. */
const longest = 32;

const rounds = 6;
const pauseMs = 500;

interface Engine {
  /** Asked by the reader itself: `1` where it may read every table of the ledger, and change none. */
  readonly right: (login: Login) => string;
  /** Makes that so, with the password that it is to have. It may be run by two at once. */
  readonly make: (login: Login) => readonly string[];
}

const engines: Readonly<Record<"mariadb" | "postgres", Engine>> = {
  mariadb: {
    // A user sees its own rights alone here.
    right: (login) => {
      const schema = quotings.mariadb.text(ofSchema(login).slice(1, -3));
      return `SELECT COUNT(*) = 1 AND SUM(privilege_type = 'SELECT' AND is_grantable = 'NO' AND table_schema = ${schema}) = 1
        AND (SELECT COUNT(*) FROM information_schema.user_privileges WHERE privilege_type <> 'USAGE') = 0
        AND (SELECT COUNT(*) FROM information_schema.table_privileges) = 0
        AND (SELECT COUNT(*) FROM ledger) >= 0
        FROM information_schema.schema_privileges`;
    },
    make: (login) => [
      `CREATE USER IF NOT EXISTS ${account(login)}`,
      `ALTER USER ${account(login)} IDENTIFIED BY ${quotings.mariadb.text(login.password)} ACCOUNT UNLOCK`,
      `REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${account(login)}`,
      `GRANT SELECT ON ${ofSchema(login)} TO ${account(login)}`,
    ],
  },
  postgres: {
    right: () =>
      `SELECT COUNT(*) FILTER (WHERE NOT has_table_privilege(oid, 'SELECT')
          OR has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')) = 0 AND COUNT(*) > 0
        FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = 'public'::regnamespace`,
    make: ({ user, password, schema }) => {
      const { name, text } = quotings.postgres;
      const role = name(user);
      return [
        "SET client_min_messages = error",
        "BEGIN",
        // Grants of two at once stumble over each other.
        `DO $$ BEGIN PERFORM pg_advisory_xact_lock(hashtextextended(${text(`reader ${schema}`)}, 0)); END $$`,
        `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = ${text(user)})
          THEN CREATE ROLE ${role}; END IF; END $$`,
        `ALTER ROLE ${role} LOGIN PASSWORD ${text(verifier(password))} VALID UNTIL 'infinity'`,
        `ALTER ROLE ${role} SET default_transaction_read_only = on`,
        // Everybody may connect to a new database and make temporary tables in it.
        `REVOKE ALL ON DATABASE ${name(schema)} FROM PUBLIC`,
        `REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
        `REVOKE ALL ON DATABASE ${name(schema)} FROM ${role}`,
        `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}, PUBLIC`,
        `GRANT CONNECT ON DATABASE ${name(schema)} TO ${role}`,
        `GRANT USAGE ON SCHEMA public TO ${role}`,
        `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`,
        "COMMIT",
      ];
    },
  },
};

/** What the server says to the reader; undefined: all is right. */
async function wrongWith(context: Context, job: ReleaseJob, login: Login): Promise<string | undefined> {
  try {
    const { right } = engines[job.backup.database.engine];
    const [[answer] = []] = await databaseOf(context).query(context, login, right(login));
    return answer === "1" || answer === "t" ? undefined : "its rights are not those that it needs";
  } catch (error) {
    context.signal.throwIfAborted();
    return String(error);
  }
}

/**
 * Makes the reader what it is to be, or puts it right: its rights, and its password. Nothing is written where all is right.
 * @throws when its name is somebody else's, or it still cannot read; with the server's words
 */
export async function ensureReader(context: Context, job: ReleaseJob): Promise<void> {
  const login = readLogin(job.readerFolder, job.ledger);
  refuseTaken(job, login);
  if ((await wrongWith(context, job, login)) === undefined) return;
  const server = siteServer(job);
  const admin = adminOf(context, job, login.schema);
  const foreign = await server.foreignRights(admin, login);
  if (foreign.length > 0) {
    throw new Error(
      `${login.user} is to read the ledger and nothing else, and has ${foreign.join(", ")}: take it away`,
    );
  }
  await admin.inside(engines[job.backup.database.engine].make(login).join(";\n"));
  let wrong = await wrongWith(context, job, login);
  // Somebody else may be at it in this moment, and have taken the rights away to give them anew.
  for (let round = 1; wrong !== undefined && round < rounds; round++) {
    await sleep(pauseMs, undefined, { signal: context.signal });
    wrong = await wrongWith(context, job, login);
  }
  if (wrong !== undefined) {
    const hindrance = await server.hindrance(admin, login);
    throw new Error(`${login.user} cannot read the ledger: ${wrong}${hindrance && `; ${hindrance}`}`);
  }
  info("ledger's reader put right", { user: login.user });
}

/** Its rights are taken away before they are given: it must be nobody else. */
function refuseTaken(job: ReleaseJob, { user }: Login): void {
  if (!plain.test(user) || user.length > longest) {
    throw new Error(
      `${JSON.stringify(user)} is no name for the ledger's reader: letters, digits and _, at most ${longest}`,
    );
  }
  const others = [adminLogin(job, job.ledger).user, ...job.sites.map(({ schema }) => schema)];
  if (others.includes(user)) {
    throw new Error(`${user} cannot be the ledger's reader: it is the server's administrator, or a site's user`);
  }
}
