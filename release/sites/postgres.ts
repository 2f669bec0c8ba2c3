/** A site's role on Postgres. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { quotings } from "../../backup/databases/quoting.ts";
import { allGone } from "../../backup/databases/sessions.ts";
import { warning } from "../../backup/log.ts";
import type { Login } from "../../backup/login.ts";
import type { Admin, SiteServer } from "./server.ts";
import { mark } from "./sql.ts";

const { text, name } = quotings.postgres;

const rounds = 4_096;

/**
 * What the server keeps of a password (RFC 5803). Made here, as psql's \password does: a server that logs its statements would
 * log the password. One with other than ASCII letters would have to be normalised first (RFC 4013), which the server does.
 */
export function verifier(password: string, salt = randomBytes(16)): string {
  if (!/^[\x20-\x7e]*$/.test(password)) return password;
  const salted = pbkdf2Sync(password, salt, rounds, 32, "sha256");
  const hmac = (label: string) => createHmac("sha256", salted).update(label).digest();
  const stored = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${rounds}:${salt.toString("base64")}$${stored}:${hmac("Server Key").toString("base64")}`;
}

const attributes = async ({ anywhere }: Admin, { user }: Login) => {
  const columns = "rolcanlogin, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls";
  const [row] = await anywhere(`SELECT ${columns} FROM pg_roles WHERE rolname = ${text(user)}`);
  return row && { mayLogIn: row[0] === "t", mayTooMuch: row[1] === "t" };
};

/** An administrator who is no superuser gives away only what is given to a role that it is a member of. */
const becomeMember = ({ user }: Login) =>
  `DO $$ BEGIN IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    AND NOT pg_has_role(current_user, ${text(user)}, 'MEMBER') THEN GRANT ${name(user)} TO CURRENT_USER; END IF; END $$`;

/** Tables, views and sequences of the site that are not its role's; sequences of columns go with their tables. Our own mark stays ours. */
const notOwned = ({ user }: Login) => `FROM pg_class c WHERE relnamespace = 'public'::regnamespace
  AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND pg_get_userbyid(relowner) <> ${text(user)} AND relname <> ${text(mark)}
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') AND relkind = 'S')`;

const sessions = ({ user, schema }: Login) =>
  `SELECT pid FROM pg_stat_activity WHERE (usename = ${text(user)} OR datname = ${text(schema)}) AND pid <> pg_backend_pid()`;

const endSessions = ({ anywhere, signal }: Admin, login: Login) =>
  allGone(
    signal,
    async () => (await anywhere(sessions(login))).map(([pid = ""]) => pid),
    async (pid) => void (await anywhere(`SELECT pg_terminate_backend(${Number(pid)})`)),
  );

export const postgres: SiteServer = {
  sessions: ({ user }) =>
    `SELECT pid, host(client_addr), EXTRACT(EPOCH FROM clock_timestamp() - COALESCE(query_start, backend_start))::int FROM pg_stat_activity WHERE usename = ${text(user)}`,
  foreignRights: async (admin, login) => {
    const standing = await attributes(admin, login);
    if (standing === undefined) return [];
    const owned = await admin.anywhere(
      `SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = ${text(login.user)} AND datname <> ${text(login.schema)}`,
    );
    const memberships = await admin.anywhere(
      `SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE pg_get_userbyid(member) = ${text(login.user)}`,
    );
    return [
      ...(standing.mayTooMuch ? ["rights over the whole server"] : []),
      ...owned.map(([datname]) => `the database ${datname}`),
      ...memberships.map(([role]) => `what ${role} may`),
    ];
  },
  ensureUser: async (admin, login) => {
    const { user, schema } = login;
    const done: string[] = [];
    const standing = await attributes(admin, login);
    if (standing === undefined) {
      await admin.anywhere(`CREATE ROLE ${name(user)} LOGIN PASSWORD ${text(verifier(login.password))}`);
      done.push(`made the role ${user}`);
    } else {
      if (!standing.mayLogIn) {
        await admin.anywhere(`ALTER ROLE ${name(user)} LOGIN`);
        done.push("let it log in");
      }
      if (standing.mayTooMuch) {
        await admin.anywhere(`ALTER ROLE ${name(user)} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`);
        done.push("took its rights over the whole server away");
      }
    }
    const [[owner = ""] = []] = await admin.anywhere(
      `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = ${text(schema)}`,
    );
    if (owner !== user) {
      await admin.anywhere(`${becomeMember(login)};\nALTER DATABASE ${name(schema)} OWNER TO ${name(user)}`);
      done.push(`made it owner of ${schema} after ${owner}`);
    }
    const [[mayMake] = []] = await admin.inside(
      `SELECT has_schema_privilege(${text(user)}, 'public', 'CREATE') AND has_schema_privilege(${text(user)}, 'public', 'USAGE')`,
    );
    if (mayMake !== "t") {
      await admin.inside(`GRANT ALL ON SCHEMA public TO ${name(user)}`);
      done.push("let it make tables");
    }
    const others = await admin.inside(`SELECT relname, relkind ${notOwned(login)}`);
    if (others.length > 0) {
      const give = others.map(([relation = ""]) => `ALTER TABLE public.${name(relation)} OWNER TO ${name(user)}`);
      await admin.inside([becomeMember(login), ...give].join(";\n"));
      done.push(`made it owner of ${others.length} tables of others`);
    }
    return done;
  },
  setPassword: async ({ anywhere }, login) =>
    void (await anywhere(
      `ALTER ROLE ${name(login.user)} LOGIN PASSWORD ${text(verifier(login.password))} VALID UNTIL 'infinity'`,
    )),
  hindrance: async () => "",
  lockOut: async (admin, login) => {
    if ((await attributes(admin, login)) !== undefined) {
      await admin.anywhere(`ALTER ROLE ${name(login.user)} NOLOGIN`);
    }
    await endSessions(admin, login);
  },
  dropUser: async (admin, login) => {
    if ((await attributes(admin, login)) === undefined) return;
    const [[held = ""] = []] = await admin.anywhere(
      `SELECT COUNT(*) FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = ${text(login.user)})`,
    );
    if (held === "0") await admin.anywhere(`DROP ROLE ${name(login.user)}`);
    else warning("role kept", { user: login.user, cause: "it has something elsewhere; it may no longer log in" });
  },
  relations: `SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'`,
};
