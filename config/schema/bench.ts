/** The bench: its roles, its queues and who works on them. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { dnsLabel, queueName, wholeNumber } from "./primitives.ts";
import { byteQuantity } from "./quantities.ts";
import { timeZone } from "./schedules.ts";
import { replicas, resources } from "./workload.ts";

const web = z
  .strictObject({
    replicas: replicas(1),
    workers: wholeNumber(1, limits.gunicornWorkers).default(2).describe("Gunicorn processes of one replica."),
    threads: wholeNumber(1, limits.gunicornThreads).default(4).describe("Threads of one gunicorn process."),
    timeout: wholeNumber(10, 3600, " seconds").default(120).describe("Seconds a request may take."),
    maxRequests: wholeNumber(0, 1_000_000)
      .default(5000)
      .describe("Requests after which a gunicorn process is renewed, with jitter; 0 is never."),
    resources: resources("250m", "1Gi", "256Mi"),
  })
  .prefault({})
  .describe("gunicorn.");

const socketio = z
  .strictObject({
    replicas: replicas(1, limits.socketioReplicas).describe(
      "How many run; nginx keeps each client on one of them by its address, on every kind of edge.",
    ),
    resources: resources("50m", "256Mi", "64Mi"),
  })
  .prefault({})
  .describe("Realtime server.");

const scheduler = z
  .strictObject({
    replicas: z
      .literal(1, { error: "expected 1: two schedulers would both tick, Frappe does not lock across pods" })
      .default(1)
      .describe("Always 1."),
    tickInterval: wholeNumber(10, 3600, " seconds").default(60).describe("Seconds between two looks for due jobs."),
    resources: resources("50m", "512Mi", "128Mi"),
  })
  .prefault({})
  .describe("Scheduler: exactly one.");

const nginx = z
  .strictObject({
    replicas: replicas(1),
    bodyLimit: byteQuantity("1Mi", "10Gi").default("50Mi").describe("Largest request body, so the largest upload."),
    resources: resources("50m", "128Mi", "32Mi"),
  })
  .prefault({})
  .describe("nginx in front of gunicorn and socketio, with our own configuration.");

const queue = z.strictObject({
  timeout: wholeNumber(1, limits.queueTimeout, " seconds").describe("Seconds a job of this queue may take."),
});

const workerSet = z.strictObject({
  queues: z
    .array(queueName)
    .min(1, { error: "expected at least one queue" })
    .max(limits.queues, { error: `expected at most ${limits.queues} queues` })
    .refine((names) => new Set(names).size === names.length, { error: "expected each queue once" })
    .describe("Queues that this set takes jobs from, the first one first."),
  replicas: replicas(1),
  resources: resources("100m", "768Mi", "256Mi"),
});

export const bench = z
  .strictObject({
    id: dnsLabel.describe(
      "bench_id: prefix of every queue's key in Redis. Never change it: queued jobs would be stranded.",
    ),
    timeZone: timeZone.default("UTC").describe("Time zone of the processes (TZ)."),
    web,
    socketio,
    scheduler,
    nginx,
    queues: z
      .record(queueName, queue)
      .refine((queues) => Object.keys(queues).length <= limits.queues, {
        error: `expected at most ${limits.queues} queues`,
      })
      .default({})
      .describe("Custom queues, or other time limits for short, default and long."),
    workers: z
      .record(dnsLabel.max(30, { error: "expected at most 30 characters" }), workerSet)
      .refine((sets) => Object.keys(sets).length > 0, { error: "expected at least one worker set" })
      .refine((sets) => Object.keys(sets).length <= limits.workerSets, {
        error: `expected at most ${limits.workerSets} worker sets`,
      })
      .describe("Worker sets by name. Each queue needs at least one."),
  })
  .describe("The bench: every process that runs Frappe's code.");
