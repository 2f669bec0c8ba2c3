/** One database server with a volume of its own: small stacks, staging, development. */
import type { DatabaseConfig } from "../../config/stack.ts";
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { volumeExporter, volumePort } from "../monitoring/volumes.ts";
import { names } from "../names.ts";
import { oneServer } from "../one-server.ts";
import { imageReference } from "../image.ts";
import type { ContainerPlan, WorkloadPlan } from "../types.ts";
import type { EmbeddedDatabase } from "./index.ts";
import { renderMyCnf } from "./mariadb.ts";
import { pgHba, renderPostgresConf } from "./postgres.ts";

type Embedded = Extract<DatabaseConfig, { mode: "embedded" }>;

/** uid of the server's user in both official Debian images. */
const serverUser = 999;

/** Seconds to end cleanly; a flush of a large buffer pool takes its time, and a kill costs a recovery. */
const stopGrace = 300;

const startupProbe = (exec: readonly string[]) => ({ check: { exec }, period: 5, timeout: 5, failures: 120 });
const readinessProbe = (exec: readonly string[]) => ({ check: { exec }, period: 10, timeout: 5, failures: 3 });
/** Patient: a restart under load makes it worse, and recovery after one may take minutes. */
const livenessProbe = (exec: readonly string[]) => ({ check: { exec }, period: 30, timeout: 15, failures: 10 });

type EngineParts = Pick<ContainerPlan, "image" | "command" | "env" | "files" | "writable"> & {
  version: string;
  data: string;
  ready: readonly string[];
  rendered: Record<string, string>;
};

function engineParts(config: Embedded): EngineParts {
  switch (config.engine) {
    case "mariadb":
      return {
        image: imageReference(images.mariadb),
        version: images.mariadb.tag,
        command: ["docker-entrypoint.sh", "mariadbd"],
        env: { MARIADB_ROOT_PASSWORD_FILE: "/etc/database-admin/password", MARIADB_AUTO_UPGRADE: "1" },
        data: "/var/lib/mysql",
        writable: [{ path: "/tmp" }, { path: "/run/mysqld" }],
        // Over TCP, which the entrypoint's own temporary server does not listen on. A refused login is an answer: no password here.
        ready: ["mariadb-admin", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--connect-timeout=4", "ping"],
        rendered: { "frappe.cnf": renderMyCnf(config) },
        files: [
          { path: "/etc/mysql/conf.d/frappe.cnf", from: { config: names.mariadb, key: "frappe.cnf" } },
          { path: "/etc/database-admin/password", from: { secret: "databaseAdmin", key: "password" } },
        ],
      };
    case "postgres":
      return {
        image: imageReference(images.postgres),
        version: images.postgres.tag,
        command: ["docker-entrypoint.sh", "postgres", "-c", "config_file=/etc/postgresql/postgresql.conf"],
        env: { POSTGRES_PASSWORD_FILE: "/etc/database-admin/password", PGDATA: "/var/lib/postgresql/data/pgdata" },
        data: "/var/lib/postgresql/data",
        writable: [{ path: "/tmp" }, { path: "/var/run/postgresql" }, { path: "/dev/shm", medium: "memory" }],
        ready: ["pg_isready", "--username=postgres", "--host=127.0.0.1", "--timeout=4"],
        rendered: { "postgresql.conf": renderPostgresConf(config), "pg_hba.conf": pgHba },
        files: [
          { path: "/etc/postgresql/postgresql.conf", from: { config: names.postgres, key: "postgresql.conf" } },
          { path: "/etc/postgresql/pg_hba.conf", from: { config: names.postgres, key: "pg_hba.conf" } },
          { path: "/etc/database-admin/password", from: { secret: "databaseAdmin", key: "password" } },
        ],
      };
  }
}

/** @param monitored whether the fill of its volume is told. */
export function planEmbedded(config: Embedded, monitored: boolean): EmbeddedDatabase {
  const name = names[config.engine];
  const claim = `${name}-data`;
  const { version, data, ready, rendered, command, ...parts } = engineParts(config);
  const port = { name: config.engine, port: ports[config.engine] };
  const container: ContainerPlan = {
    ...parts,
    name,
    command: oneServer(data, command),
    ports: [port],
    volumes: [{ volume: claim, path: data, readOnly: false }],
    resources: config.resources,
    probes: { startup: startupProbe(ready), readiness: readinessProbe(ready), liveness: livenessProbe(ready) },
  };
  const workload: WorkloadPlan = {
    name,
    room: "database",
    component: "database",
    scope: "stack",
    kind: "member",
    replicas: 1,
    update: "rolling",
    user: serverUser,
    version,
    setup: [],
    containers: [container, ...(monitored ? [volumeExporter(claim)] : [])],
    stopGrace,
    mountsSites: false,
    holdsData: true,
  };
  const { storage } = config;
  return {
    files: { name, files: rendered },
    volume: {
      name: claim,
      logicalName: claim,
      component: "database",
      ...storage,
      accessMode: "ReadWriteOnce",
    },
    workload,
    service: {
      name,
      logicalName: `${name}-service`,
      component: "database",
      scope: "stack",
      ports: [port, ...(monitored ? [volumePort] : [])],
      always: true,
    },
  };
}
