/** A site's user on MariaDB. */
import { quotings } from "../../backup/databases/quoting.ts";
import { allGone } from "../../backup/databases/sessions.ts";
import type { Login } from "../../backup/login.ts";
import type { Admin, SiteServer } from "./server.ts";

const { text } = quotings.mariadb;

/** From wherever it comes: an address in it would bind the site to a pod (frappe-live §1). */
export const account = ({ user }: Pick<Login, "user">) => `${text(user)}@'%'`;

/** In a GRANT, `_` and `%` of a database's name are wildcards unless they are escaped. */
export const ofSchema = ({ schema }: Pick<Login, "schema">) => `\`${schema.replaceAll(/[_%\\]/g, String.raw`\$&`)}\`.*`;

const hosts = async ({ anywhere }: Admin, { user }: Login) =>
  (await anywhere(`SELECT host FROM mysql.user WHERE user = ${text(user)}`)).map(([host = ""]) => host);

interface Grant {
  readonly rights: string;
  readonly on: string;
  readonly passOn: boolean;
}

async function grantsOf({ anywhere }: Admin, login: Login): Promise<readonly Grant[]> {
  const rows = await anywhere(`SHOW GRANTS FOR ${account(login)}`);
  return rows.flatMap(([line = ""]) => {
    // The client escapes backslashes in what it prints.
    const [, rights, on, rest = ""] = /^GRANT (.+?) ON (.+?) TO (.*)$/.exec(line.replaceAll("\\\\", "\\")) ?? [];
    if (rights === undefined || on === undefined) return [];
    return [{ rights, on, passOn: rest.endsWith("WITH GRANT OPTION") }];
  });
}

const isUsage = ({ rights, on, passOn }: Grant) => rights === "USAGE" && on === "*.*" && !passOn;
const isOwn = (login: Login, { rights, on, passOn }: Grant) =>
  rights === "ALL PRIVILEGES" && on === ofSchema(login) && !passOn;
/** As `bench new-site` grants: without the escapes. */
const isLoose = ({ schema }: Login, { on }: Grant) => on === `\`${schema}\`.*`;

const sessions = ({ user, schema }: Login) =>
  `SELECT id FROM information_schema.processlist WHERE (user = ${text(user)} OR db = ${text(schema)}) AND id <> CONNECTION_ID()`;

const endSessions = ({ anywhere, signal }: Admin, login: Login) =>
  allGone(
    signal,
    async () => (await anywhere(sessions(login))).map(([id = ""]) => id),
    // One that has gone by itself is an error of its own KILL only.
    async (id) => {
      await anywhere(`KILL ${Number(id)}`).catch((error: unknown) => {
        if (!String(error).includes("1094")) throw error;
      });
    },
  );

export const mariadb: SiteServer = {
  sessions: ({ user }) => `SELECT id, host, time FROM information_schema.processlist WHERE user = ${text(user)}`,
  foreignRights: async (admin, login) => {
    if (!(await hosts(admin, login)).includes("%")) return [];
    const others = (await grantsOf(admin, login)).filter(
      (grant) => !isUsage(grant) && grant.on !== ofSchema(login) && !isLoose(login, grant),
    );
    return others.map(({ rights, on }) => `${rights} on ${on}`);
  },
  ensureUser: async (admin, login) => {
    const done: string[] = [];
    if (!(await hosts(admin, login)).includes("%")) {
      await admin.anywhere(`CREATE USER IF NOT EXISTS ${account(login)} IDENTIFIED BY ${text(login.password)}`);
      done.push(`made the user ${login.user}@%`);
    }
    const grants = await grantsOf(admin, login);
    if (!grants.some((grant) => isOwn(login, grant))) {
      await admin.anywhere(`GRANT ALL PRIVILEGES ON ${ofSchema(login)} TO ${account(login)}`);
      done.push(`granted it all on ${login.schema}`);
    }
    // Only after the right ones are there, so that a site which runs never goes without.
    for (const grant of grants.filter((each) => !isUsage(each) && each.on !== ofSchema(login))) {
      const { rights, on, passOn } = grant;
      const taken = [...(rights === "USAGE" ? [] : [rights]), ...(passOn ? ["GRANT OPTION"] : [])].join(", ");
      await admin.anywhere(`REVOKE ${taken} ON ${on} FROM ${account(login)}`);
      done.push(`revoked ${taken} on ${on}`);
    }
    if (grants.some(({ on, passOn }) => on === ofSchema(login) && passOn)) {
      await admin.anywhere(`REVOKE GRANT OPTION ON ${ofSchema(login)} FROM ${account(login)}`);
      done.push("revoked the right to grant");
    }
    return done;
  },
  setPassword: async ({ anywhere }, login) =>
    void (await anywhere(`ALTER USER ${account(login)} IDENTIFIED BY ${text(login.password)} ACCOUNT UNLOCK`)),
  hindrance: async (admin, login) => {
    const others = (await hosts(admin, login)).filter((host) => host !== "%");
    if (others.length === 0) return "";
    const named = others.map((host) => `${login.user}@${host}`).join(", ");
    return `${named} stands before ${login.user}@% where a connection comes from there: DROP USER it if nobody else has it`;
  },
  lockOut: async (admin, login) => {
    await admin.anywhere(`ALTER USER IF EXISTS ${account(login)} ACCOUNT LOCK`);
    await endSessions(admin, login);
  },
  dropUser: async ({ anywhere }, login) => void (await anywhere(`DROP USER IF EXISTS ${account(login)}`)),
  relations: "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()",
};
