/** What alert rules and dashboards have to know of a stack: which series there will be, and where the bounds lie. */
import { checkSeconds } from "../release/limits.ts";
import { standardQueues } from "../../constants/queues.ts";
import { activeHosts } from "../../config/hosts.ts";
import type { StackConfig } from "../../config/stack.ts";
import { watchedClaims } from "./volumes.ts";

/**
 * A queue of RQ, by the name that stack files give it. What lies in it is in the series `redis_script_values`, with its keys in the
 * label `key`: a script counts them, since a key that holds nothing is not there for the exporter's own check (`redis_key_size` has
 * no zero, and whatever looks back over time would see a queue that was never empty).
 */
export interface QueueFacts {
  readonly name: string;
  /** What RQ itself calls it; Frappe prefixes the bench's id. */
  readonly rqName: string;
  /** Key of the list of waiting jobs. */
  readonly key: string;
  /** Keys of the sets of jobs that run, of those that failed, and of the workers; of these only the living are counted. */
  readonly running: string;
  readonly failed: string;
  readonly workers: string;
  /** Seconds that a job of it may take. */
  readonly timeout: number;
}

/** Grafana's source of series, as dashboards name it. */
export const datasource = { type: "prometheus", uid: "prometheus" } as const;

export interface MonitoringFacts {
  readonly environment: string;
  readonly engine: "mariadb" | "postgres";
  readonly databaseMode: "embedded" | "operator" | "external";
  readonly redis: "embedded" | "external";
  readonly queues: readonly QueueFacts[];
  /** Names of the active sites. */
  readonly sites: readonly string[];
  /** Seconds between two questions to a site: longer with many, so that asking them stays a small part of their work. */
  readonly siteInterval: number;
  /** Whether the sites' public addresses are asked too, over TLS. */
  readonly outside: boolean;
  /** Seconds that a site may be closed before somebody has to look. */
  readonly closedSeconds: number;
  /** Seconds that the newest verified backup of a site may be old. */
  readonly backupMaxAgeSeconds: number;
  /** Connections that the database takes; of a managed one only itself knows. */
  readonly maxConnections?: number;
  /** Claims whose fill is watched, as the label `volume` has them. */
  readonly volumes: readonly string[];
}

/** How Frappe names its queues in Redis: `generate_qname` in frappe/utils/background_jobs.py, and RQ's own prefixes. */
export function queueFacts(bench: string, name: string, timeout: number): QueueFacts {
  const rqName = `${bench}:${name}`;
  return {
    name,
    rqName,
    key: `rq:queue:${rqName}`,
    running: `rq:wip:${rqName}`,
    failed: `rq:failed:${rqName}`,
    workers: `rq:workers:${rqName}`,
    timeout,
  };
}

/** Questions a second that are aimed at: each costs a web worker up to 0.7 s (frappe-live). */
const questionsPerSecond = 1;
/** Seconds: people want to know soon, and Prometheus forgets what it has not heard of for five minutes. */
const intervals = { least: 60, most: 240 } as const;

const active = ({ sites }: StackConfig) => sites.filter(({ state }) => state === "active");

const siteInterval = (questions: number): number =>
  Math.min(intervals.most, Math.max(intervals.least, Math.ceil(questions / questionsPerSecond)));

/** Frappe's own queues and the stack file's, with the time that each has. */
function queues({ bench }: StackConfig): QueueFacts[] {
  const timeouts = Object.entries(bench.queues).map(([name, { timeout }]) => [name, timeout] as const);
  return Object.entries({ ...standardQueues, ...Object.fromEntries(timeouts) }).map(([name, timeout]) =>
    queueFacts(bench.id, name, timeout),
  );
}

/** What is monitored of a stack, if anything is. */
export function monitoringFacts(config: StackConfig): MonitoringFacts {
  const { environment, database, redis, backup, monitoring, release } = config;
  const sites = active(config).map(({ name }) => name);
  const outside = monitoring.mode === "embedded" && monitoring.outside !== undefined;
  return {
    environment,
    engine: database.engine,
    databaseMode: database.mode,
    redis: redis.mode,
    queues: queues(config),
    sites,
    siteInterval: siteInterval(sites.length + (outside ? activeHosts(config.sites).length : 0)),
    outside,
    // As long as a release may keep migrated sites waiting: whoever plans for longer says so there.
    closedSeconds: release.timeouts.hold + checkSeconds(config),
    backupMaxAgeSeconds: Number(backup.maxAge.slice(0, -1)) * 3600,
    ...(database.mode !== "external" && { maxConnections: database.maxConnections }),
    volumes: watchedClaims(config),
  };
}
