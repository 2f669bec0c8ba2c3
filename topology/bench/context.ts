/** What every role of the bench shares: image, addresses, environment, files, the user it runs as. */
import { activeHosts } from "../../config/hosts.ts";
import type { SecretKey } from "../../config/secrets.ts";
import type { StackConfig } from "../../config/stack.ts";
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import type { DatabasePlan } from "../database/index.ts";
import { names, releaseServiceName } from "../names.ts";
import type { ReleasePlan } from "../release/identity.ts";
import type { ContainerPlan, EnvValue, FileMount, ProbePlan, WorkloadPlan } from "../types.ts";

/** uid and gid of the user `frappe`: the first that the image's `useradd` makes. */
export const benchUser = 1000;

/**
 * Names of the rendered files of the bench. Whoever mounts one of a set rolls when any of it changes: so the files of nginx, which
 * follow every route and domain, stand apart from what Frappe's processes read.
 */
export const benchFiles = "bench";
export const nginxFiles = { name: "nginx", key: "nginx.conf" } as const;
export const sessionProxyFiles = { name: "session-proxy", key: "session-proxy.conf" } as const;

export interface BenchContext {
  readonly config: StackConfig;
  readonly release: ReleasePlan;
  /** Secrets that the stack file holds. */
  readonly given: ReadonlySet<SecretKey>;
  readonly database: DatabasePlan;
  /** Host → site, for every active domain. */
  readonly hosts: ReadonlyMap<string, string>;
}

export function hostMap(config: StackConfig): ReadonlyMap<string, string> {
  const active = config.sites.filter(({ state }) => state === "active");
  const siteOf = new Map(
    active.flatMap(({ name, domains }) => [name, ...domains].map((host) => [host, name] as const)),
  );
  return new Map(activeHosts(config.sites).map((host) => [host, siteOf.get(host) ?? host]));
}

export const nginxService = ({ release }: BenchContext) => releaseServiceName("nginx", release.id);
export const webService = ({ release }: BenchContext) => releaseServiceName("web", release.id);
export const socketioName = (index: number) => `socketio-${index}`;
export const socketioService = ({ release }: BenchContext, index: number) =>
  releaseServiceName(socketioName(index), release.id);

/** Addresses by environment (frappe/config, node_utils.js), so nothing about them is written on the volume. */
export function benchEnv({ config, database }: BenchContext): Record<string, EnvValue> {
  return {
    FRAPPE_DB_HOST: database.address,
    FRAPPE_DB_PORT: String(database.port),
    FRAPPE_REDIS_CACHE: { secret: "redis", key: "cache-url" },
    FRAPPE_REDIS_QUEUE: { secret: "redis", key: "queue-url" },
    FRAPPE_STREAM_LOGGING: "1",
    TZ: config.bench.timeZone,
    // Caches of fonts and of the headless browser; the image's home is read-only.
    HOME: "/tmp",
    ...(config.database.mode === "external" && config.database.engine === "postgres" && { PGSSLMODE: "require" }),
  };
}

/** Files that every command of Frappe reads. */
export const sharedFiles = ["common_site_config.json", "apps.txt"] as const;

/** The common configuration is a file of the release, not of the volume: one writer, and each release its own. */
export const configFiles = (config: string): readonly FileMount[] =>
  sharedFiles.map((key) => ({ path: `${paths.sites}/${key}`, from: { config, key } }));

/**
 * Where Frappe's commands write in the bench's folder (frappe-live §9). Without `pids` `bench` takes the folder for none of its own, and
 * knows no command of Frappe (bench/utils, paths_in_bench).
 */
export const benchFolders: ContainerPlan["writable"] = [
  { path: paths.logs },
  { path: paths.config },
  { path: `${paths.config}/pids` },
];

/** Where a role's process writes beside the sites volume. */
export const writable: ContainerPlan["writable"] = [
  { path: "/tmp" },
  ...benchFolders,
  { path: "/dev/shm", medium: "memory" },
];

export const probe = (check: ProbePlan["check"], { period = 10, timeout = 5, failures = 3 } = {}): ProbePlan => ({
  check,
  period,
  timeout,
  failures,
});

const tlsFiles: readonly FileMount[] = (["ca", "cert", "key"] as const).map((part) => ({
  path: `/etc/frappe/database-tls/${part}.pem`,
  from: { secret: "databaseTls", key: `${part}.pem` },
}));

/** Certificates for a managed MariaDB, as files for every process that connects. */
export const databaseTlsFiles = ({ config }: BenchContext): readonly FileMount[] =>
  config.database.mode === "external" && config.database.engine === "mariadb" ? tlsFiles : [];

type RoleContainer = Pick<ContainerPlan, "name" | "command" | "resources"> & Partial<ContainerPlan>;

/** A container of the bench image, with what all roles share and what this one adds. */
export function benchContainer(context: BenchContext, role: RoleContainer): ContainerPlan {
  return {
    image: context.release.image,
    workingDir: paths.bench,
    ports: [],
    writable,
    volumes: [],
    probes: {},
    ...role,
    env: { ...benchEnv(context), ...role.env },
    files: [...configFiles(benchFiles), ...databaseTlsFiles(context), ...(role.files ?? [])],
  };
}

/** For containers that run the image's nginx with a rendered file: no database, no Redis, no shared configuration. */
export function nginxContainer(
  context: BenchContext,
  role: Pick<ContainerPlan, "name" | "resources" | "probes" | "ports" | "volumes"> & {
    /** Its rendered file. */
    config: { readonly name: string; readonly key: string };
  },
): ContainerPlan {
  const { config, ...container } = role;
  return {
    ...container,
    image: context.release.image,
    command: ["nginx", "-e", "/dev/stderr", "-c", paths.nginxConfig, "-g", "daemon off;"],
    env: { TZ: context.config.bench.timeZone },
    files: [{ path: paths.nginxConfig, from: { config: config.name, key: config.key } }],
    writable: [{ path: "/tmp" }],
  };
}

export const sitesMount = (readOnly: boolean) => ({ volume: names.sitesVolume, path: paths.sites, readOnly });

/** A workload of the bench, with what all roles share and what this one adds. */
export function benchWorkload(
  context: BenchContext,
  role: Pick<WorkloadPlan, "name" | "component" | "containers" | "stopGrace"> & Partial<WorkloadPlan>,
): WorkloadPlan {
  const mountsSites = role.containers.some(({ volumes }) => volumes.some(({ volume }) => volume === names.sitesVolume));
  return {
    room: "bench",
    scope: "release",
    kind: "set",
    replicas: 1,
    update: "rolling",
    user: benchUser,
    version: context.release.version,
    setup: [],
    mountsSites,
    holdsData: false,
    ...role,
  };
}

export const webPort = { name: "http", port: ports.web } as const;
/** nginx for callers inside the namespace. */
export const internalPort = { name: "internal", port: ports.nginxInternal } as const;
/** nginx for another set's. */
export const peerPort = { name: "peer", port: ports.nginxPeer } as const;

/** Whether a release gets a share of the requests before it stands. */
export const isCanary = ({ release }: Pick<BenchContext, "release">): boolean => release.strategy === "canary";
/** Whether a canary may ever stand beside this set: a Gateway alone shares requests out. */
export const hasNeighbours = ({ config }: Pick<BenchContext, "config">): boolean => config.edge.kind === "gateway";
