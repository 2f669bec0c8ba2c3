/** Redis, twice: a cache that may forget and a queue that may not. Two servers, since one policy cannot serve both. */
import type { RedisConfig, StackConfig } from "../config/stack.ts";
import { mebibytes } from "../config/units.ts";
import { images } from "../constants/images.ts";
import { ports } from "../constants/ports.ts";
import { volumeExporter, volumePort } from "./monitoring/volumes.ts";
import { names } from "./names.ts";
import { oneServer } from "./one-server.ts";
import { imageReference } from "./image.ts";
import { requeueContainer, requeueRights, requeueScript, requeueUser } from "./requeue.ts";
import type { ConfigFilesPlan, ContainerPlan, ServicePlan, VolumePlan, WorkloadPlan } from "./types.ts";

export type RedisRole = "cache" | "queue";
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

/** User that the bench connects as. */
export const redisUser = "frappe";

/** User of the probes: whoever reaches the server may ask whether it is there, and nothing else. */
export const redisProbe = "probe";

/** User that the exporter connects as. */
export const redisMonitor = "monitor";

/** Share of the memory for data; copies made while the append-only file is rewritten need the rest. */
const dataShare = { cache: 0.8, queue: 0.6 } as const;

/** uid of the server's user in the official images. */
const serverUser = 999;

/** The server's configuration. Passwords are in the ACL file, which is a secret. */
export function renderRedisConf(role: RedisRole, memory: string): string {
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
  // Not everysec: while a sync is under way it holds writes back for up to two seconds, and a kill then loses jobs that were
  // acknowledged. Enqueueing is rare beside reading; each batch waits for one sync.
  const own =
    role === "cache"
      ? { "maxmemory-policy": "allkeys-lru", save: '""', appendonly: "no" }
      : { "maxmemory-policy": "noeviction", save: '""', appendonly: "yes", appendfsync: "always" };
  return `${Object.entries({ ...shared, ...own })
    .map(([key, value]) => `${key} ${value}`)
    .join("\n")}\n`;
}

/** SHA-256 of each user's password, hexadecimal: the file does not give the passwords away. */
export interface RedisPasswords {
  readonly frappe: string;
  /** Of the queue's server alone. */
  readonly requeue?: string | undefined;
  /** Left out where nothing is monitored. */
  readonly monitor?: string | undefined;
}

/**
 * What the exporter asks for. Of the queue it counts jobs and workers by a script, whose commands are bound by the same rights; jobs
 * themselves, with what people wrote, are closed to it.
 */
const monitorRights = {
  cache: "+info +slowlog|len",
  queue:
    "%R~rq:queue:* %R~rq:wip:* %R~rq:failed:* %R~rq:workers:* %R~rq:worker:* " +
    "+info +slowlog|len +eval +llen +zcard +smembers +exists",
} as const satisfies Record<RedisRole, string>;

/** Frappe empties its cache, and only that (`frappe/build.py`). Nobody has a reason to drop everybody's jobs. */
const flushing = { cache: "", queue: " -flushall -flushdb -swapdb" } as const satisfies Record<RedisRole, string>;

/**
 * users.acl. Frappe, RQ and socket.io need KEYS, INFO and CLIENT (tracking, names, list), and nothing that administers a server:
 * CLIENT's other halves would let one site's code stop or pause everybody.
 */
export const renderRedisAcl = (role: RedisRole, { frappe, requeue, monitor }: RedisPasswords): string =>
  [
    // Nobody can log in as default. Its rights are for the server itself, which replays its append-only file as this user and drops
    // each transaction that it may not repeat; and a job is queued in a transaction.
    "user default off resetpass ~* &* +@all",
    `user ${redisProbe} on nopass resetkeys resetchannels -@all +ping`,
    `user ${redisUser} on #${frappe} ~* &* +@all -@admin +client|list${flushing[role]}`,
    ...(requeue === undefined
      ? []
      : [`user ${requeueUser} on #${requeue} resetkeys resetchannels -@all ${requeueRights}`]),
    ...(monitor === undefined
      ? []
      : [`user ${redisMonitor} on #${monitor} resetkeys resetchannels -@all ${monitorRights[role]}`]),
    "",
  ].join("\n");

function planServer(role: RedisRole, config: Embedded, monitored: boolean): RedisServer {
  const name = role === "cache" ? names.redisCache : names.redisQueue;
  const claim = `${name}-data`;
  const watched = monitored && role === "queue";
  const port = { name: "redis", port: ports.redis };
  const server = ["valkey-server", "/etc/redis/redis.conf"];
  // A loading server answers LOADING. The user's password is any word.
  const ping = ["/bin/sh", "-c", `printf 'AUTH ${redisProbe} any\\nPING\\n' | valkey-cli -h 127.0.0.1 | grep -qx PONG`];
  const container: ContainerPlan = {
    name,
    image: imageReference(images.valkey),
    command: role === "queue" ? oneServer("/data", server) : server,
    env: {},
    ports: [port],
    files: [
      { path: "/etc/redis/redis.conf", from: { config: name, key: "redis.conf" } },
      { path: "/etc/redis-acl/users.acl", from: { secret: "redisUsers", key: `${role}-users.acl` } },
    ],
    writable: role === "cache" ? [{ path: "/tmp" }, { path: "/data" }] : [{ path: "/tmp" }],
    volumes: role === "queue" ? [{ volume: claim, path: "/data", readOnly: false }] : [],
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
    containers: [
      container,
      ...(role === "queue" ? [requeueContainer(name)] : []),
      ...(watched ? [volumeExporter(claim)] : []),
    ],
    stopGrace: 60,
    mountsSites: false,
    holdsData: role === "queue",
  };
  return {
    files: {
      name,
      files: {
        "redis.conf": renderRedisConf(role, config[role].resources.memory),
        ...(role === "queue" && { "requeue.lua": requeueScript }),
      },
    },
    workload,
    service: {
      name,
      logicalName: `${name}-service`,
      component: name,
      scope: "stack",
      always: true,
      ports: [port, ...(watched ? [volumePort] : [])],
    },
    ...(role === "queue" && {
      volume: {
        name: claim,
        logicalName: claim,
        component: name,
        ...config.queue.storage,
        accessMode: "ReadWriteOnce" as const,
      },
    }),
  };
}

export function planRedis({ redis, monitoring }: StackConfig): RedisPlan {
  switch (redis.mode) {
    case "embedded": {
      const inside = (host: string) => ({ host, port: ports.redis, tls: false });
      return {
        mode: "embedded",
        cache: inside(names.redisCache),
        queue: inside(names.redisQueue),
        servers: (["cache", "queue"] as const).map((role) => planServer(role, redis, monitoring.mode === "embedded")),
      };
    }
    case "external":
      return { mode: "external", cache: redis.cache, queue: redis.queue };
  }
}
