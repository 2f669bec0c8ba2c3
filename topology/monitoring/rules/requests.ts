/** What a release does to its users: requests that fail, and requests that wait. Whatever the site, it is the release's. */
import { alertBounds } from "../../../constants/alerts.ts";
import { requestMetrics } from "../../../constants/request-metrics.ts";
import { type AlertRule, select } from "./rule.ts";

const { requests, seconds } = requestMetrics;

/** Requests of each release with a status. A closed site answers 503 on purpose: that is neither an error nor a request served. */
const ofRelease = (status: string, range: string) =>
  `sum by (release) (rate(${requests}{job="requests", ${status}}[${range}]))`;

/** Share of each release's requests that end in an error; the overview draws the same one. */
export const errorShare = (range: string): string =>
  `${ofRelease('status="5xx"', range)} / ${ofRelease('status!="503"', range)}`;

/** Seconds within which 95 % of each release's requests were answered. */
export const slowest = (range: string): string =>
  `histogram_quantile(0.95, sum by (release, le) (rate(${seconds}_bucket{job="requests"}[${range}])))`;

const requestsFail: AlertRule = {
  name: "RequestsFail",
  severity: "page",
  for: "5m",
  watches: [select("requests", requests)],
  expr:
    `${errorShare("5m")} > ${alertBounds.requestErrors}\n` +
    `and sum by (release) (increase(${requests}{job="requests", status!="503"}[5m])) >= ${alertBounds.requestsEnough}`,
  summary: "{{ $value | humanizePercentage }} of the requests to release {{ $labels.release }} fail",
  description:
    "Web answers with an error, or not at all, and people see it. Closed sites do not count. Two releases beside each other tell " +
    "whether it is the new one's doing: the old one is well then.",
};

const requestsSlow: AlertRule = {
  name: "RequestsSlow",
  severity: "ticket",
  for: "15m",
  watches: [select("requests", `${seconds}_bucket`), select("requests", `${seconds}_count`)],
  expr:
    `${slowest("10m")} > ${alertBounds.requestSeconds}\n` +
    `and sum by (release) (increase(${seconds}_count{job="requests"}[10m])) >= ${alertBounds.requestsEnough}`,
  summary: "One in twenty requests to release {{ $labels.release }} takes longer than {{ $value | humanizeDuration }}",
  description:
    "Web is slow, or all of its threads are taken and requests wait for one. Look at the database and at what runs in the queues; " +
    "then at the number of web's workers.",
};

export const requestRules = (): readonly AlertRule[] => [requestsFail, requestsSlow];
