/** Redis and its queues. */
import { flat, minutes, seriesName } from "../healthy-series.ts";
import { type AlertCase, at, from, goneFrom } from "./case.ts";

const redisUp = (role: string) => seriesName("redis", `redis_up{role="${role}"}`);
export const memoryUsed = seriesName("redis", 'redis_memory_used_bytes{role="queue"}');
const memoryMost = seriesName("redis", 'redis_memory_max_bytes{role="queue"}');
export const key = (registry: string) => `rq:${registry}:acme-prod:long`;
export const sizeOf = (registry: string) =>
  seriesName("redis", `redis_script_values{role="queue", filename="queues.lua", key="${key(registry)}"}`);
const queueLabels = (registry: string) => ({
  ...at("redis"),
  role: "queue",
  filename: "queues.lua",
  key: key(registry),
  queue: "long",
});

export const queueCases: Readonly<Record<string, AlertCase>> = {
  RedisDown: {
    fires: [
      {
        change: { [redisUp("queue")]: from(178, 1, 0) },
        labels: { ...at("redis"), role: "queue" },
        summary: "Redis queue does not answer its exporter",
      },
      {
        change: { [redisUp("cache")]: goneFrom(178, 1) },
        labels: { job: "redis", role: "cache" },
        summary: "Redis cache does not answer its exporter",
      },
    ],
    silent: { "a question is not a minute": { [redisUp("queue")]: from(180, 1, 0) } },
  },
  RedisQueueMemoryHigh: {
    fires: [
      {
        change: { [memoryUsed]: from(170, 1e6, 243e6) },
        labels: { ...at("redis"), role: "queue" },
        summary: "Redis queue uses 81% of its memory",
        value: "81%",
      },
    ],
    silent: {
      "240 of 300 MB are 80 %": { [memoryUsed]: flat(240e6) },
      "nine minutes are not ten": { [memoryUsed]: from(171, 1e6, 299e6) },
      "there is no bound": { [memoryMost]: flat(0) },
    },
  },
  QueueBacklog: {
    fires: [
      {
        change: { [sizeOf("queue")]: flat(21) },
        labels: queueLabels("queue"),
        summary: "Queue long does not drain: 21 jobs wait",
        value: "21",
      },
    ],
    silent: {
      "twenty may wait": { [sizeOf("queue")]: flat(20) },
      "many wait, and become fewer": { [sizeOf("queue")]: `500-1x${minutes}` },
      "within the time of one job it was empty": { [sizeOf("queue")]: `90x151 0 90x28` },
    },
  },
  QueueWithoutWorkers: {
    fires: [
      {
        change: { [sizeOf("workers")]: from(175, 2, 0) },
        labels: queueLabels("workers"),
        summary: "No worker serves the queue long",
      },
    ],
    silent: {
      "four minutes are not five": { [sizeOf("workers")]: from(176, 2, 0) },
      "one is enough": { [sizeOf("workers")]: flat(1) },
    },
  },
  JobsFail: {
    fires: [
      {
        change: { [sizeOf("failed")]: from(150, 3, 9) },
        labels: queueLabels("failed"),
        summary: "Jobs fail in the queue long: 6",
      },
      {
        change: { [sizeOf("failed")]: flat(1000) },
        labels: queueLabels("failed"),
        summary: "Jobs fail in the queue long: 1000",
      },
    ],
    silent: {
      "five an hour may fail": { [sizeOf("failed")]: from(150, 3, 8) },
      "999 old ones are not all that is kept": { [sizeOf("failed")]: flat(999) },
    },
  },
};
