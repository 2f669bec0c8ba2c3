/**
 * Requests by release, site and status, and how long web took: nginx counts none of them, so a program of ours beside each does, from what
 * nginx logs. What a release does to its users is told by it alone.
 */
import { paths } from "../../constants/paths.ts";
import { ports } from "../../constants/ports.ts";
import type { RequestsJob } from "../../requests/job.ts";
import { nginxFiles, type BenchContext } from "../bench/context.ts";
import { names } from "../names.ts";
import type { ConfigFilesPlan, ContainerPlan } from "../types.ts";
import { exporterContainer } from "./parts.ts";

const program = { name: "request-program", key: "requests.cjs", path: "/opt/frappe/requests.cjs" } as const;
const config = { name: nginxFiles.name, key: "requests.json", path: "/etc/frappe-requests/requests.json" } as const;

export const requestPort = { name: "requests", port: ports.requestExporter } as const;

/**
 * Upper bounds, seconds. Where pages and calls lie, each is at most half as long again as the one before: a release that is slower by that
 * is seen to be. Above, they are for telling slow from stuck.
 */
const bounds = [0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6, 0.9, 1.3, 2, 3, 5, 7.5, 10, 20, 30, 60, 120, 300, 600];

/** Whether Prometheus is there to ask for them. */
export const isCounted = ({ config: { monitoring } }: BenchContext): boolean => monitoring.mode === "embedded";

/** None above what web may take: it is ended then. */
export const requestBuckets = (timeout: number): readonly number[] => [
  ...bounds.filter((bound) => bound < timeout),
  timeout,
];

function jobOf({ config: { bench }, release, hosts }: BenchContext): RequestsJob {
  return {
    release: release.id,
    sites: [...new Set(hosts.values())],
    buckets: requestBuckets(bench.web.timeout),
    logPort: ports.requestLog,
    metricsPort: ports.requestExporter,
  };
}

/** Beside nginx' own file: both follow the sites, and the same pods roll for both. */
export const requestConfig = (context: BenchContext): Readonly<Record<string, string>> =>
  isCounted(context) ? { [config.key]: `${JSON.stringify(jobOf(context), null, 1)}\n` } : {};

export const requestFiles = (context: BenchContext, text: string): readonly ConfigFilesPlan[] =>
  isCounted(context) ? [{ name: program.name, files: { [program.key]: text }, program: true }] : [];

/** It serves nobody, but ends no sooner than nginx: who logs to a closed port says so at each request. */
export const requestExporter = ({ release }: BenchContext, drainSeconds: number): ContainerPlan =>
  exporterContainer({
    name: names.requestExporter,
    image: release.image,
    // Small enough for what it holds: counters.
    command: ["node", "--max-old-space-size=48", program.path, config.path],
    workingDir: paths.bench,
    env: {},
    ports: [requestPort],
    files: [program, config].map(({ name, key, path }) => ({ path, from: { config: name, key } })),
    resources: { cpu: "20m", memory: "128Mi", ephemeralStorage: "32Mi" },
    drainSeconds,
  });
