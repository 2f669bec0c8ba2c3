/**
 * What the database says of itself, to a user of its own that may read counters and nothing else. The server's admin makes that user
 * before the exporter starts, in a container that ends: the exporter never has the admin's password.
 */
import type { DatabaseConfig } from "../../config/stack.ts";
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { databaseTlsFiles, type BenchContext } from "../bench/context.ts";
import type { DatabasePlan } from "../database/index.ts";
import { names } from "../names.ts";
import { component, databasePeer, tcp } from "../network.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import type { ContainerPlan, FileMount } from "../types.ts";
import { credentialFolders, databaseMonitor, makeMariadbMonitor, makePostgresMonitor } from "./database-user.ts";
import { exporterContainer, nobody, scraped, monitoringWorkload, type Part } from "./parts.ts";

/** Name of the rendered files, and where the client's options are mounted. */
const files = names.databaseExporter;
const optionsPath = "/etc/database-exporter/my.cnf";

const tlsOptions: Readonly<Record<string, string>> = {
  "ca.pem": "ssl-ca",
  "cert.pem": "ssl-cert",
  "key.pem": "ssl-key",
};

/** How MariaDB is reached, for its client and for its exporter; who they are is said elsewhere. Inside the namespace all is plain. */
function mariadbOptions({ address, port }: DatabasePlan, tlsFiles: readonly FileMount[]): string {
  const certificates = tlsFiles.map(({ path, from }) => `${tlsOptions[from.key] ?? from.key} = ${path}`);
  const tls = tlsFiles.length > 0 ? [...certificates, "ssl-verify-server-cert = 1"] : ["ssl = 0"];
  return ["[client]", `host = ${address}`, `port = ${port}`, ...tls, ""].join("\n");
}

const sslMode: Readonly<Record<DatabasePlan["mode"], string>> = {
  embedded: "disable",
  operator: "require",
  external: "require",
};

const passwordOf = (secret: "databaseAdmin" | "databaseMonitor", folder: string): FileMount => ({
  path: `${folder}/password`,
  from: { secret, key: "password" },
});

type EngineParts = Pick<ContainerPlan, "image" | "command" | "env" | "files"> & {
  readonly version: string;
  readonly port: number;
  readonly client: Pick<ContainerPlan, "image" | "env" | "files"> & { readonly script: string };
  readonly rendered: Readonly<Record<string, string>>;
};

function mariadbParts(context: BenchContext): EngineParts {
  const tls = databaseTlsFiles(context);
  const options: FileMount = { path: optionsPath, from: { config: files, key: "my.cnf" } };
  return {
    image: imageReference(images.mysqldExporter),
    version: images.mysqldExporter.tag,
    port: ports.mariadbExporter,
    command: [
      "/bin/mysqld_exporter",
      `--web.listen-address=:${ports.mariadbExporter}`,
      `--config.my-cnf=${optionsPath}`,
      `--mysqld.username=${databaseMonitor}`,
      // What asks for rights over other sessions or replication.
      ...["slave_status", "info_schema.innodb_cmp", "info_schema.innodb_cmpmem"].map((name) => `--no-collect.${name}`),
    ],
    env: { MYSQLD_EXPORTER_PASSWORD: { secret: "databaseMonitor", key: "password" } },
    files: [options, ...tls],
    client: {
      image: imageReference(images.mariadb),
      env: {},
      files: [options, ...tls],
      script: makeMariadbMonitor(optionsPath),
    },
    rendered: { "my.cnf": mariadbOptions(context.database, tls) },
  };
}

function postgresParts({ database }: BenchContext): EngineParts {
  const { address, port, mode } = database;
  return {
    image: imageReference(images.postgresExporter),
    version: images.postgresExporter.tag,
    port: ports.postgresExporter,
    command: [
      "/bin/postgres_exporter",
      `--web.listen-address=:${ports.postgresExporter}`,
      // Tables of the one database that it logs in to, which is no site's.
      "--no-collector.stat_user_tables",
      "--no-collector.statio_user_tables",
      // It would measure every site's database at each scrape.
      "--no-collector.database",
    ],
    env: {
      DATA_SOURCE_URI: `${address}:${port}/postgres?sslmode=${sslMode[mode]}`,
      DATA_SOURCE_USER: databaseMonitor,
      DATA_SOURCE_PASS_FILE: `${credentialFolders.monitor}/password`,
    },
    files: [passwordOf("databaseMonitor", credentialFolders.monitor)],
    client: {
      image: imageReference(images.postgres),
      env: { PGSSLMODE: sslMode[mode] },
      files: [],
      script: makePostgresMonitor(address, port),
    },
    rendered: {},
  };
}

const partsOf = (context: BenchContext): EngineParts =>
  context.database.engine === "mariadb" ? mariadbParts(context) : postgresParts(context);

const exporterPort = (engine: DatabaseConfig["engine"]): number =>
  engine === "mariadb" ? ports.mariadbExporter : ports.postgresExporter;

export const databaseTarget = (engine: DatabaseConfig["engine"]): string =>
  `${names.databaseExporter}:${exporterPort(engine)}`;

export function planDatabaseSeries(context: BenchContext): Part {
  const { client, port: number, version, rendered, ...exporter } = partsOf(context);
  const port = { name: "metrics", port: number };
  const { admin, monitor, client: clientFolder } = credentialFolders;
  const makeUser = exporterContainer({
    name: "make-user",
    image: client.image,
    command: ["/bin/sh", "-euc", client.script],
    env: client.env,
    ports: [],
    files: [
      ...client.files,
      { path: `${admin}/username`, from: { secret: "databaseAdmin", key: "username" } },
      passwordOf("databaseAdmin", admin),
      passwordOf("databaseMonitor", monitor),
    ],
    writable: [{ path: "/tmp" }, { path: clientFolder, medium: "memory" }],
    resources: { cpu: "10m", memory: "128Mi", ephemeralStorage: "32Mi" },
  });
  return {
    files: Object.keys(rendered).length > 0 ? [{ name: files, files: rendered }] : [],
    workloads: [
      monitoringWorkload({
        name: names.databaseExporter,
        user: nobody,
        version,
        setup: [makeUser],
        containers: [exporterContainer({ ...exporter, name: names.databaseExporter, ports: [port] })],
      }),
    ],
    services: [stackService(names.databaseExporter, [port])],
    flows: [
      scraped(names.databaseExporter, number),
      {
        from: component(names.databaseExporter),
        to: databasePeer(context.database),
        ports: tcp(context.database.port),
        why: "what the server says of itself",
      },
    ],
  };
}
