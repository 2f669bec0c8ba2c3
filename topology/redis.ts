/** Redis, twice: a cache that may forget and a queue that may not. Two servers, since one policy cannot serve both. */
import type { RedisConfig, StackConfig } from "../config/stack.ts";
import { mebibytes } from "../config/units.ts";
import { images } from "../constants/images.ts";
import { ports } from "../constants/ports.ts";
import { names } from "./names.ts";
import { imageReference } from "./release.ts";
import type { ConfigFilesPlan, ContainerPlan, ServicePlan, VolumePlan, WorkloadPlan } from "./types.ts";

type Role = "cache" | "queue";
type Embedded = Extract<RedisConfig, { mode: "embedded" }>;

export interface RedisServer {
  readonly files: ConfigFilesPlan;
  readonly workload: WorkloadPlan;
  readonly service: ServicePlan;
  readonly volume?: VolumePlan;
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export type RedisPlan =
  | {
      readonly mode: "embedded";
      readonly cache: Endpoint;
      readonly queue: Endpoint;
      readonly servers: readonly RedisServer[];
    }
  | {
      readonly mode: "external";
      readonly cache: Endpoint & { readonly addresses: readonly string[] };
      readonly queue: Endpoint & { readonly addresses: readonly string[] };
    };

/** User that the bench connects as; the default user may only ask whether the server is there. */
export const redisUser = "frappe";

/** Share of the memory for data; copies made while the append-only file is rewritten need the rest. */
const dataShare = { cache: 0.8, queue: 0.6 } as const;

/** uid of the server's user in the official images. */
const serverUser = 999;

/** The server's configuration. Passwords are in the ACL file, which is a secret. */
export function renderRedisConf(role: Role, memory: string): string {
  const shared = {
    port: ports.redis,
    bind: "* -::*",
    "protected-mode": "no",
    dir: "/data",
    aclfile: "/etc/redis-acl/users.acl",
    maxmemory: `${Math.floor(mebibytes(memory) * dataShare[role])}mb`,
    "tcp-keepalive": 60,
    timeout: 0,
  };
  const own =
    role === "cache"
      ? { "maxmemory-policy": "allkeys-lru", save: '""', appendonly: "no" }
      : { "maxmemory-policy": "noeviction", save: '""', appendonly: "yes", appendfsync: "everysec" };
  return `${Object.entries({ ...shared, ...own })
    .map(([key, value]) => `${key} ${value}`)
    .join("\n")}\n`;
}

/**
 * users.acl. Frappe, RQ and socket.io need KEYS, INFO and CLIENT (tracking, names, list), and nothing that administers a server:
 * CLIENT's other halves would let one site's code stop or pause everybody.
 * @param passwordHash SHA-256 of the password, hexadecimal: the file does not give the password away.
 */
export const renderRedisAcl = (passwordHash: string): string =>
  [
    "user default on nopass resetkeys resetchannels -@all +ping",
    `user ${redisUser} on #${passwordHash} ~* &* +@all -@admin +client|list`,
    "",
  ].join("\n");

function planServer(role: Role, config: Embedded): RedisServer {
  const name = role === "cache" ? names.redisCache : names.redisQueue;
  const port = { name: "redis", port: ports.redis };
  // A loading server answers LOADING, and `-e` makes an error of it.
  const ping = ["valkey-cli", "-e", "-h", "127.0.0.1", "ping"];
  const container: ContainerPlan = {
    name,
    image: imageReference(images.valkey),
    command: ["valkey-server", "/etc/redis/redis.conf"],
    env: {},
    ports: [port],
    files: [
      { path: "/etc/redis/redis.conf", from: { config: name, key: "redis.conf" } },
      { path: "/etc/redis-acl/users.acl", from: { secret: "redis", key: `${role}-users.acl` } },
    ],
    writable: role === "cache" ? [{ path: "/tmp" }, { path: "/data" }] : [{ path: "/tmp" }],
    volumes: role === "queue" ? [{ volume: `${name}-data`, path: "/data", readOnly: false }] : [],
    resources: config[role].resources,
    probes: {
      startup: { check: { exec: ping }, period: 2, timeout: 3, failures: 150 },
      readiness: { check: { exec: ping }, period: 10, timeout: 3, failures: 3 },
      liveness: { check: { tcp: port.name }, period: 20, timeout: 5, failures: 6 },
    },
  };
  const workload: WorkloadPlan = {
    name,
    room: "redis",
    component: name,
    scope: "stack",
    kind: "member",
    replicas: 1,
    update: "rolling",
    user: serverUser,
    version: images.valkey.tag,
    setup: [],
    containers: [container],
    stopGrace: 60,
    mountsSites: false,
    holdsData: role === "queue",
  };
  return {
    files: { name, files: { "redis.conf": renderRedisConf(role, config[role].resources.memory) } },
    workload,
    service: { name, logicalName: `${name}-service`, component: name, scope: "stack", ports: [port], headless: false },
    ...(role === "queue" && {
      volume: {
        name: `${name}-data`,
        logicalName: `${name}-data`,
        component: name,
        ...config.queue.storage,
        accessMode: "ReadWriteOnce" as const,
      },
    }),
  };
}

export function planRedis({ redis }: StackConfig): RedisPlan {
  switch (redis.mode) {
    case "embedded": {
      const inside = (host: string) => ({ host, port: ports.redis, tls: false });
      return {
        mode: "embedded",
        cache: inside(names.redisCache),
        queue: inside(names.redisQueue),
        servers: [planServer("cache", redis), planServer("queue", redis)],
      };
    }
    case "external":
      return { mode: "external", cache: redis.cache, queue: redis.queue };
  }
}
