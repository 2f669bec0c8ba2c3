/** Redis and the jobs in it; sizes of RQ's keys by our script, which says 0 where there is no key. */
import { alertBounds } from "../../../constants/alerts.ts";
import type { MonitoringFacts, QueueFacts } from "../facts.ts";
import { type AlertRule, select } from "./rule.ts";

const roles = ["cache", "queue"] as const;

/** The sizes of one of RQ's keys of every queue. */
export const sizes = (registry: "queue" | "wip" | "failed" | "workers"): string =>
  `redis_script_values{job="redis", role="queue", key=~"rq:${registry}:.+"}`;

/** With the queue's name as the stack file has it. */
export const byQueue = (expr: string): string =>
  `label_replace(\n  ${expr.replaceAll("\n", "\n  ")},\n  "queue", "$1", "key", "rq:[a-z]+:[^:]+:(.+)"\n)`;

const sizeOf = (key: string) => select("redis", "redis_script_values", { role: "queue", key });

const redisUp = roles.map((role) => select("redis", "redis_up", { role }));

const redisDown: AlertRule = {
  name: "RedisDown",
  severity: "page",
  for: "1m",
  watches: redisUp,
  expr: [`redis_up{job="redis"} == 0`, ...redisUp.map((series) => `or absent(${series})`)].join("\n"),
  summary: "Redis {{ $labels.role }} does not answer its exporter",
  description:
    "Without the queue no job is taken and no request that enqueues one succeeds; without the cache every request is slow or " +
    "fails. Realtime drops with the queue.",
};

const used = select("redis", "redis_memory_used_bytes", { role: "queue" });
const most = select("redis", "redis_memory_max_bytes", { role: "queue" });

const memoryHigh: AlertRule = {
  name: "RedisQueueMemoryHigh",
  severity: "page",
  for: "10m",
  watches: [used, most],
  // A managed server may have no bound of its own: 0, which nothing is near to.
  expr: `${used} / (${most} > 0) > ${alertBounds.queueMemory}`,
  summary: "Redis queue uses {{ $value | humanizePercentage }} of its memory",
  description:
    "The queue evicts nothing: when its memory is full, every new job is an error for whoever asked for it. Find what fills it " +
    "(a backlog, or results kept too long) before giving it more.",
};

/** Seconds that a backlog is watched for: the queue's own timeout, so that one long job is none; never too few samples. */
const patience = ({ timeout }: QueueFacts) => Math.max(timeout, 300);

function backlog(queues: readonly QueueFacts[]): AlertRule {
  const stuck = queues.map((queue) => {
    const depth = sizeOf(queue.key);
    const range = `[${patience(queue)}s]`;
    return `min_over_time(${depth}${range}) > ${alertBounds.queueDepth} and delta(${depth}${range}) >= 0`;
  });
  return {
    name: "QueueBacklog",
    severity: "ticket",
    for: "5m",
    watches: queues.map(({ key }) => sizeOf(key)),
    expr: byQueue(stuck.join("\nor ")),
    summary: "Queue {{ $labels.queue }} does not drain: {{ $value }} jobs wait",
    description:
      `More than ${alertBounds.queueDepth} jobs have waited in {{ $labels.queue }} for longer than a job may take, and they do not ` +
      "become fewer. Mails, reports and scheduled work of all sites are late. See whether workers run and what they run.",
  };
}

const withoutWorkers = (queues: readonly QueueFacts[]): AlertRule => ({
  name: "QueueWithoutWorkers",
  severity: "page",
  for: "5m",
  watches: queues.map(({ workers }) => sizeOf(workers)),
  expr: byQueue(`${sizes("workers")} == 0`),
  summary: "No worker serves the queue {{ $labels.queue }}",
  description:
    "No worker of {{ $labels.queue }} is alive: its jobs wait for ever. See why its pods do not start, or what ends them: memory, " +
    "the image, Redis.",
});

const failing = (queues: readonly QueueFacts[]): AlertRule => ({
  name: "JobsFail",
  severity: "ticket",
  for: "1m",
  watches: queues.map(({ failed }) => sizeOf(failed)),
  // Frappe keeps so many failed jobs and no more: at the bound nothing grows, however many fail.
  expr: byQueue(
    `${sizes("failed")} - min_over_time(${sizes("failed")}[1h]) > ${alertBounds.failedJobsPerHour}\n` +
      `or ${sizes("failed")} >= ${alertBounds.failedJobsKept}`,
  ),
  summary: "Jobs fail in the queue {{ $labels.queue }}: {{ $value }}",
  description:
    `More than ${alertBounds.failedJobsPerHour} jobs of {{ $labels.queue }} failed within the hour, or as many are kept as there is room ` +
    "for. Read one: RQ Job in the desk, or the workers' log, has the traceback.",
});

export const queueRules = ({ queues }: MonitoringFacts): readonly AlertRule[] => [
  redisDown,
  memoryHigh,
  backlog(queues),
  withoutWorkers(queues),
  failing(queues),
];
