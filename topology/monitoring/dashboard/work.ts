/** Requests and jobs: what comes in, how long it takes, what waits. */
import { alertBounds } from "../../../constants/alerts.ts";
import { requestMetrics } from "../../../constants/request-metrics.ts";
import { byQueue, sizes } from "../rules/queues.ts";
import { errorShare, slowest } from "../rules/requests.ts";
import { chosen } from "./now.ts";
import type { PanelPlan } from "./panel.ts";

const duration = `probe_duration_seconds{job="site", ${chosen}}`;

export const requests: readonly PanelPlan[] = [
  {
    title: "Connections to nginx",
    kind: "graph",
    description:
      "Open connections, and those of them that are idle. Many at work and few requests: web is slow or gone.",
    unit: "none",
    queries: [
      ['sum(nginx_connections_active{job="nginx"})', "open"],
      ['sum(nginx_connections_waiting{job="nginx"})', "idle"],
    ],
  },
  {
    title: "Requests",
    kind: "graph",
    description:
      "Requests a second over all nginx, health checks too. A fall to nothing is an outage in front of the bench.",
    unit: "reqps",
    queries: [['sum(rate(nginx_http_requests_total{job="nginx"}[$__rate_interval]))', "requests"]],
  },
  {
    title: "Time of an answer",
    kind: "graph",
    description:
      "Of the five slowest sites: half and 95 % of the last half hour's questions were answered within this time.",
    alerts: ["SiteDown"],
    unit: "s",
    queries: [
      [`topk(5, quantile_over_time(0.5, ${duration}[30m]))`, "{{site}} p50"],
      [`topk(5, quantile_over_time(0.95, ${duration}[30m]))`, "{{site}} p95"],
    ],
  },
];

const rate = "$__rate_interval";

/** By release: while two stand beside each other, they are compared here. */
export const releases: readonly PanelPlan[] = [
  {
    title: "Answers of web",
    kind: "graph",
    description:
      "Requests a second that came by the edge, by status. 503 is a closed site, not an error. Nothing at all: they do not get here.",
    alerts: ["RequestsFail"],
    unit: "reqps",
    queries: [[`sum by (status) (rate(${requestMetrics.requests}{job="requests", ${chosen}}[${rate}]))`, "{{status}}"]],
  },
  {
    title: "Share of errors",
    kind: "graph",
    description: "By release: requests that ended in an error of the server's, without those to closed sites.",
    alerts: ["RequestsFail"],
    unit: "percentunit",
    queries: [[errorShare(rate), "{{release}}"]],
    red: { above: alertBounds.requestErrors },
    max: 1,
  },
  {
    title: "Time of 95 % of answers",
    kind: "graph",
    description: "By release: what web took, at most, for 19 of 20 requests. It climbs when its threads are all taken.",
    alerts: ["RequestsSlow"],
    unit: "s",
    queries: [[slowest(rate), "{{release}}"]],
    red: { above: alertBounds.requestSeconds },
  },
];

const ofQueues = (registry: Parameters<typeof sizes>[0]) => [[byQueue(sizes(registry)), "{{queue}}"]] as const;

export const jobs: readonly PanelPlan[] = [
  {
    title: "Waiting",
    kind: "graph",
    description: "Jobs that no worker has taken yet. Look at what runs beside it before adding workers.",
    alerts: ["QueueBacklog"],
    unit: "none",
    queries: ofQueues("queue"),
    red: { above: alertBounds.queueDepth },
  },
  {
    title: "Running",
    kind: "graph",
    description: "Jobs in the hands of workers. As many as workers, for long: all are busy, or stuck on one thing.",
    unit: "none",
    queries: ofQueues("wip"),
  },
  {
    title: "Failed and kept",
    kind: "graph",
    description: "Failed jobs that are kept to be read. A step up is a new fault: read one in RQ Job.",
    alerts: ["JobsFail"],
    unit: "none",
    queries: ofQueues("failed"),
    red: { above: alertBounds.failedJobsKept },
  },
  {
    title: "Workers",
    kind: "graph",
    description: "Workers that are alive. None: what is enqueued there waits for ever.",
    alerts: ["QueueWithoutWorkers"],
    unit: "none",
    queries: ofQueues("workers"),
    red: { below: 1 },
  },
];
