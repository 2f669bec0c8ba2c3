/** What both Redis servers say of themselves, and what RQ's queues hold. */
import type { RedisConfig, StackConfig } from "../../config/stack.ts";
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import type { BenchContext } from "../bench/context.ts";
import { names } from "../names.ts";
import { component, redisTarget } from "../network.ts";
import { redisMonitor, type RedisPlan, type RedisRole } from "../redis.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import type { ContainerPlan } from "../types.ts";
import type { MonitoringFacts, QueueFacts } from "./facts.ts";
import { exporterContainer, scraped, monitoringWorkload, type Part } from "./parts.ts";

/** uid in the exporter's image. */
const exporterUser = 59000;

const roles = ["cache", "queue"] as const;

export const redisExporterPorts = { cache: ports.redisCacheExporter, queue: ports.redisQueueExporter } as const;

/** Name of the rendered file. */
const files = names.redisExporter;
const scriptPath = "/etc/redis-exporter/queues.lua";

/**
 * Sizes of RQ's keys, as one moment has them. A key that holds nothing is not there, and counts as 0 here. Workers that were killed
 * stay in their set for ever; the living ones have a key of their own, which they renew.
 */
export const queueScript = (queues: readonly QueueFacts[]): string => `local sizes = {}
local function add(key, size)
  sizes[#sizes + 1] = key
  sizes[#sizes + 1] = tostring(size)
end
for _, queue in ipairs({ ${queues.map(({ rqName }) => JSON.stringify(rqName)).join(", ")} }) do
  add("rq:queue:" .. queue, redis.call("LLEN", "rq:queue:" .. queue))
  add("rq:wip:" .. queue, redis.call("ZCARD", "rq:wip:" .. queue))
  add("rq:failed:" .. queue, redis.call("ZCARD", "rq:failed:" .. queue))
  local living = 0
  for _, worker in ipairs(redis.call("SMEMBERS", "rq:workers:" .. queue)) do
    living = living + redis.call("EXISTS", worker)
  end
  add("rq:workers:" .. queue, living)
end
return sizes
`;

/** Of a managed server the bench's own user, which is the only one that we are given. */
const userOf = ({ mode }: RedisConfig) => (mode === "embedded" ? redisMonitor : "default");

function exporter({ redis: config }: StackConfig, redis: RedisPlan, role: RedisRole): ContainerPlan {
  const { host, port, tls } = redis[role];
  const queue = role === "queue";
  return exporterContainer({
    name: `redis-${role}-exporter`,
    image: imageReference(images.redisExporter),
    command: [
      "/redis_exporter",
      `--redis.addr=${tls ? "rediss" : "redis"}://${host}:${port}`,
      `--redis.user=${userOf(config)}`,
      `--web.listen-address=:${redisExporterPorts[role]}`,
      // What needs rights that no one who only looks should have.
      "--config-command=-",
      "--set-client-name=false",
      "--exclude-latency-histogram-metrics",
      ...(queue ? [`--script=${scriptPath}`] : []),
    ],
    env: { REDIS_PASSWORD: { secret: "redisUsers", key: `${role}-monitor-password` } },
    ports: [{ name: role, port: redisExporterPorts[role] }],
    files: queue ? [{ path: scriptPath, from: { config: files, key: "queues.lua" } }] : [],
  });
}

export function planRedisSeries({ config }: BenchContext, redis: RedisPlan, { queues }: MonitoringFacts): Part {
  const containers = roles.map((role) => exporter(config, redis, role));
  return {
    files: [{ name: files, files: { "queues.lua": queueScript(queues) } }],
    workloads: [
      monitoringWorkload({
        name: names.redisExporter,
        user: exporterUser,
        version: images.redisExporter.tag,
        containers,
      }),
    ],
    services: [
      stackService(
        names.redisExporter,
        containers.flatMap((container) => container.ports),
      ),
    ],
    flows: [
      scraped(names.redisExporter, ...Object.values(redisExporterPorts)),
      ...roles.map((role) => ({
        from: component(names.redisExporter),
        ...redisTarget(redis, role),
        why: "what the server says of itself",
      })),
    ],
  };
}
