// Each exporter of a stack, running beside what it watches: the plan's own files, commands and users.
import assert from "node:assert/strict";
import { sha256 } from "../../components/secrets/derive.ts";
import type { StackPlan } from "../../topology/plan.ts";
import { renderRedisAcl, type RedisRole } from "../../topology/redis.ts";
import { type MariadbClient, withMariadb } from "../judges/mariadb.ts";
import { type NginxClient, withNginx } from "../judges/nginx.ts";
import { type PostgresClient, withPostgres } from "../judges/postgres.ts";
import { type RedisClient, withRedis } from "../judges/redis.ts";
import type { Backend } from "../judges/sandbox/protocol.ts";
import { type Sandbox, withSandbox } from "../judges/sandbox/sandbox.ts";
import { selfSigned } from "../judges/tls.ts";
import { planOf } from "../support/record-stack.ts";
import type { StackName } from "../support/stacks.ts";
import { containerOf, environmentOf, filesOf, machineOf, startExporter, type SecretValues } from "./exporter-stack.ts";
import { optionsOf } from "./mariadb-stack.ts";
import { type Sample, scrape } from "./metrics.ts";
import { backendsOf, nginxOf } from "./nginx-stack.ts";
import * as postgresStack from "./postgres-stack.ts";

export interface Watched {
  readonly sandbox: Sandbox;
  readonly metrics: (path?: string) => Promise<Sample[]>;
}

/** Names that lead to the sandbox itself. */
const local = (hosts: readonly string[]) => Object.fromEntries(hosts.map((host) => [host, "127.0.0.1"]));

type Use<Client, Result> = (client: Client) => Promise<Result>;

const asking = (sandbox: Sandbox, port: number): Watched => ({
  sandbox,
  metrics: (path) => scrape(sandbox, port, path),
});

export async function withNodeExporter<Result>(use: Use<Watched, Result>): Promise<Result> {
  const plan = planOf("dev");
  const [setup, exporter] = ["name-node", "node-exporter"].map((name) => containerOf(plan, "node-exporter", name));
  assert.ok(setup && exporter);
  const writable = exporter.writable.map(({ path }) => path);
  // A pod sees its node's /sys.
  return withSandbox({ writable, machine: [...machineOf("node_exporter"), "/sys"] }, async (sandbox) => {
    await sandbox.must(setup.command, { env: environmentOf(setup) });
    return use(asking(sandbox, await startExporter(sandbox, exporter, "node_exporter")));
  });
}

/** Beside a server with a volume of its own, or watching the shared ones. */
export async function withVolumeExporter<Result>(workload: string, use: Use<Watched, Result>): Promise<Result> {
  const exporter = containerOf(planOf("dev"), workload, "volume-exporter");
  const writable = exporter.volumes.map(({ path }) => path);
  return withSandbox({ writable, machine: machineOf("node_exporter") }, async (sandbox) =>
    use(asking(sandbox, await startExporter(sandbox, exporter, "node_exporter"))),
  );
}

/** Passwords of the database's users; the admin's has what people put into one. */
export const databaseSecrets = {
  databaseAdmin: { username: "root", password: `p4ss "word" \\ #;'$%:` },
  databaseMonitor: { password: "who0nly100ks" },
} as const satisfies SecretValues;

const withAdmin = (username: string, password: string): SecretValues => ({
  ...databaseSecrets,
  databaseAdmin: { username, password },
});

const exporterWorkload = "database-exporter";
/** Where the client's own form of a password lies, in memory. */
export const credentials = "/credentials";

export interface MadeUser {
  /** Runs the container that makes the user, once more. */
  readonly makeUser: (change?: (script: string) => string) => ReturnType<Sandbox["run"]>;
}

export type WatchedMariadb = MariadbClient & MadeUser & Watched;
export type WatchedPostgres = PostgresClient & MadeUser & Watched;
export type WatchedRedis = RedisClient & Watched;

/** What makes the user, and the exporter, of a plan's database. */
export function databaseParts(
  plan: StackPlan,
  secrets: SecretValues,
  program: "mysqld_exporter" | "postgres_exporter",
) {
  const [setup, exporter] = ["make-user", exporterWorkload].map((name) => containerOf(plan, exporterWorkload, name));
  assert.ok(setup && exporter);
  const makeUser =
    (sandbox: Sandbox): MadeUser["makeUser"] =>
    (change = (script) => script) =>
      sandbox.run(setup.command.map(change), { env: environmentOf(setup, secrets) });
  return {
    box: {
      files: { ...filesOf(plan, exporter, secrets), ...filesOf(plan, setup, secrets) },
      hosts: { [plan.database.address]: "127.0.0.1" },
      machine: machineOf(program),
    },
    makeUser,
    start: async (sandbox: Sandbox) => asking(sandbox, await startExporter(sandbox, exporter, program, secrets)),
  };
}

/** MariaDB, its monitoring user made by the plan's own script, and the exporter. */
export async function withMysqldExporter<Result>(use: Use<WatchedMariadb, Result>): Promise<Result> {
  const { username, password } = databaseSecrets.databaseAdmin;
  const { box, makeUser, start } = databaseParts(planOf("dev"), databaseSecrets, "mysqld_exporter");
  const writable = ["/tmp", "/run/mysqld", "/var/lib/mysql", credentials];
  return withMariadb({ ...optionsOf("dev"), ...box, writable }, async (client) => {
    const { sandbox } = client;
    const literal = password.replaceAll(/[\\']/g, "\\$&");
    // As the image's entrypoint does; it makes no other root that comes by the network.
    await client.query(`DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';
      FLUSH PRIVILEGES; CREATE USER '${username}'@'%' IDENTIFIED BY '${literal}';
      GRANT ALL ON *.* TO '${username}'@'%' WITH GRANT OPTION;`);
    const made = makeUser(sandbox);
    const { code, stdout, stderr } = await made();
    assert.equal(code, 0, stdout + stderr);
    return use({ ...client, ...(await start(sandbox)), makeUser: made });
  });
}

/** The same of Postgres. */
export async function withPostgresExporter<Result>(use: Use<WatchedPostgres, Result>): Promise<Result> {
  const { password } = databaseSecrets.databaseAdmin;
  const { box, makeUser, start } = databaseParts(
    planOf("postgres-embedded"),
    withAdmin("postgres", password),
    "postgres_exporter",
  );
  const embedded = postgresStack.embedded();
  const options = {
    ...embedded,
    ...box,
    files: { ...embedded.files, ...box.files },
    writable: ["/tmp", "/var/run/postgresql", "/var/lib/postgresql/data", credentials],
    password,
  };
  return withPostgres(options, async (client) => {
    const { sandbox } = client;
    const made = makeUser(sandbox);
    const { code, stdout, stderr } = await made();
    assert.equal(code, 0, stdout + stderr);
    return use({ ...client, ...(await start(sandbox)), makeUser: made });
  });
}

export const redisPasswords = { frappe: "frappe-password", monitor: "who-only-looks" } as const;

/** A Redis of ours with its exporter. */
export async function withRedisExporter<Result>(role: RedisRole, use: Use<WatchedRedis, Result>): Promise<Result> {
  const plan = planOf("prod");
  const exporter = containerOf(plan, "redis-exporter", `redis-${role}-exporter`);
  const secrets: SecretValues = { redisUsers: { [`${role}-monitor-password`]: redisPasswords.monitor } };
  assert.ok(plan.redis.mode === "embedded");
  const server = plan.redis.servers.find(({ workload }) => workload.name === `redis-${role}`);
  const { frappe, monitor } = redisPasswords;
  const acl = renderRedisAcl(role, { frappe: sha256(frappe), monitor: sha256(monitor) });
  const options = {
    config: server?.files.files["redis.conf"] ?? "",
    files: {
      "/etc/redis-acl/users.acl": { text: acl, mode: 0o400, uid: 999 },
      ...filesOf(plan, exporter, secrets),
    },
    hosts: { [`redis-${role}`]: "127.0.0.1" },
    machine: machineOf("redis_exporter"),
  };
  return withRedis(options, async (client) =>
    use({
      ...client,
      ...asking(client.sandbox, await startExporter(client.sandbox, exporter, "redis_exporter", secrets)),
    }),
  );
}

/**
 * nginx of a release, with the exporters that ask it: for its counters, and for its sites.
 * @param answers what gunicorn says to some paths.
 */
export async function withNginxExporters<Result>(
  stack: StackName,
  use: (
    client: NginxClient & { readonly counters: Watched["metrics"]; readonly probe: Watched["metrics"] },
  ) => Promise<Result>,
  answers: NonNullable<Backend["answers"]> = {},
): Promise<Result> {
  const plan = planOf(stack);
  const counters = containerOf(plan, "nginx", "nginx-exporter");
  const prober = containerOf(plan, "blackbox-exporter", "blackbox-exporter");
  const options = nginxOf(stack);
  const box = {
    ...options,
    files: { ...options.files, ...filesOf(plan, prober) },
    hosts: { ...local(plan.services.services.map(({ name }) => name)), ...options.hosts, ...local(["nginx"]) },
    machine: machineOf("nginx-prometheus-exporter", "blackbox_exporter"),
    backends: backendsOf(plan, answers),
  };
  return withNginx(box, async (client) => {
    const { sandbox } = client;
    const [countersPort, proberPort] = [
      await startExporter(sandbox, counters, "nginx-prometheus-exporter"),
      await startExporter(sandbox, prober, "blackbox_exporter"),
    ];
    return use({
      ...client,
      counters: asking(sandbox, countersPort).metrics,
      probe: asking(sandbox, proberPort).metrics,
    });
  });
}

/** Where a public address answers in the sandbox: whom it lets serve has no right to port 443. */
const publicPort = 8443;

/**
 * A site's public address, with a certificate for `names`, and the prober that believes who signed it.
 * @param answer status of the page to log in at.
 */
export async function withPublicAddress<Result>(
  names: readonly string[],
  host: string,
  answer: number,
  use: (probe: () => Promise<Sample[]>, certificate: string) => Promise<Result>,
): Promise<Result> {
  const plan = planOf("prod");
  const prober = containerOf(plan, "blackbox-exporter", "blackbox-exporter");
  const { certificate, key } = selfSigned(...names);
  const config = `pid /tmp/nginx.pid;
error_log /dev/stderr;
events {}
http {
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  access_log off;
  server {
    listen ${publicPort} ssl;
    ssl_certificate /tls/cert.pem;
    ssl_certificate_key /tls/key.pem;
    location = /login { add_header X-Page-Name login always; return ${answer}; }
  }
}
`;
  const files = { "/etc/nginx/nginx.conf": config, "/tls/cert.pem": certificate, "/tls/key.pem": key };
  const options = {
    files: { ...files, ...filesOf(plan, prober) },
    hosts: local([host]),
    port: publicPort,
    machine: machineOf("blackbox_exporter"),
  };
  return withNginx(options, async ({ sandbox }) => {
    const trust = { SSL_CERT_FILE: "/tls/cert.pem" };
    const { metrics } = asking(sandbox, await startExporter(sandbox, prober, "blackbox_exporter", {}, trust));
    const target = encodeURIComponent(`https://${host}:${publicPort}/login`);
    return use(() => metrics(`/probe?module=site-outside&target=${target}`), certificate);
  });
}
