/** What Prometheus collects from a stack that is well, for three hours: the ground that each alert's tests change one thing of. */
import type { MonitoringFacts } from "../../topology/monitoring/facts.ts";
import { jobsOf } from "../../topology/monitoring/rules.ts";
import type { SeriesValues } from "./promtool.ts";

/** Minutes that the series go on, and at which alerts are asked for. */
export const minutes = 180;

/** A series that stays as it is. */
export const flat = (value: number): string => `${value}x${minutes}`;

/** The release that serves. */
export const release = "0123456789";

const GiB = 2 ** 30;

/** A counter that goes on. */
export const rising = (by: number): string => `0+${by}x${minutes}`;

const database = {
  mariadb: {
    "mysql_global_status_queries{}": rising(6000),
    "mysql_global_status_slow_queries{}": rising(1),
    "mysql_global_status_innodb_buffer_pool_reads{}": rising(10),
    "mysql_global_status_innodb_buffer_pool_read_requests{}": rising(1000),
    "mysql_up{}": 1,
    "mysql_global_status_threads_connected{}": 20,
    "mysql_global_variables_max_connections{}": 200,
  },
  postgres: {
    "pg_up{}": 1,
    'pg_stat_activity_count{datname="a", state="active"}': 5,
    'pg_stat_activity_count{datname="a", state="idle"}': 15,
    "pg_settings_max_connections{}": 200,
    'pg_stat_activity_max_tx_duration{datname="a", state="active"}': 2,
    'pg_stat_database_xact_commit{datname="a"}': rising(600),
    'pg_stat_database_xact_rollback{datname="a"}': rising(1),
    'pg_stat_database_blks_hit{datname="a"}': rising(1000),
    'pg_stat_database_blks_read{datname="a"}': rising(10),
  },
} as const;

/** Series by job, with the labels beside job and instance. */
function values(facts: MonitoringFacts): Readonly<Record<string, Readonly<Record<string, number | string>>>> {
  const sizes = facts.queues.flatMap(({ key, running, failed, workers }) =>
    (
      [
        [key, 2],
        [running, 1],
        [failed, 3],
        [workers, 2],
      ] as const
    ).map(([name, size]) => [`redis_script_values{role="queue", filename="queues.lua", key="${name}"}`, size]),
  );
  const bySite = (series: string, value: number, more = "") =>
    Object.fromEntries(facts.sites.map((site) => [`${series}{site="${site}"${more.replace("$site", site)}}`, value]));
  const outside = ', host="www.$site"';
  return {
    prometheus: {
      "prometheus_notifications_alertmanagers_discovered{}": 1,
      'prometheus_notifications_errors_total{alertmanager="http://alertmanager:9093"}': 0,
      'prometheus_rule_evaluation_failures_total{rule_group="frappe"}': 0,
    },
    alertmanager: { 'alertmanager_notifications_failed_total{integration="webhook"}': 0 },
    grafana: {},
    node: {
      'frappe_node_info{node="node-1"}': 1,
      'node_cpu_seconds_total{cpu="0", mode="idle"}': rising(50),
      "node_memory_MemAvailable_bytes{}": 5 * GiB,
      "node_memory_MemTotal_bytes{}": 10 * GiB,
      'node_filesystem_avail_bytes{mountpoint="/"}': 50 * GiB,
      'node_filesystem_size_bytes{mountpoint="/"}': 100 * GiB,
    },
    volumes: Object.fromEntries(
      facts.volumes.flatMap((volume) => [
        [`node_filesystem_avail_bytes{volume="${volume}", mountpoint="/volumes/${volume}"}`, 50 * GiB],
        [`node_filesystem_size_bytes{volume="${volume}", mountpoint="/volumes/${volume}"}`, 100 * GiB],
      ]),
    ),
    database: database[facts.engine],
    redis: {
      'redis_up{role="cache"}': 1,
      'redis_up{role="queue"}': 1,
      'redis_memory_used_bytes{role="queue"}': 100e6,
      'redis_memory_max_bytes{role="queue"}': 300e6,
      'redis_evicted_keys_total{role="cache"}': rising(1),
      'redis_keyspace_hits_total{role="cache"}': rising(100),
      'redis_keyspace_misses_total{role="cache"}': rising(10),
      ...Object.fromEntries(sizes),
    },
    nginx: {
      "nginx_connections_active{}": 12,
      "nginx_connections_waiting{}": 8,
      "nginx_http_requests_total{}": rising(600),
    },
    requests: {
      ...Object.fromEntries(
        [
          ["2xx", 95],
          ["4xx", 1],
          ["5xx", 0],
          ["503", 0],
        ].map(([status, by]) => [
          `frappe_http_requests_total{release="${release}", site="a.example.com", status="${status}"}`,
          rising(Number(by)),
        ]),
      ),
      [`frappe_http_request_duration_seconds_bucket{release="${release}", le="0.3"}`]: rising(80),
      [`frappe_http_request_duration_seconds_bucket{release="${release}", le="5"}`]: rising(96),
      [`frappe_http_request_duration_seconds_bucket{release="${release}", le="10"}`]: rising(96),
      [`frappe_http_request_duration_seconds_bucket{release="${release}", le="+Inf"}`]: rising(96),
      [`frappe_http_request_duration_seconds_count{release="${release}"}`]: rising(96),
    },
    site: {
      ...bySite("probe_success", 1),
      ...bySite("probe_duration_seconds", 0.2),
      ...bySite("probe_http_status_code", 200),
    },
    "site-outside": {
      ...bySite("probe_success", 1, outside),
      ...bySite("probe_http_status_code", 200, outside),
      ...bySite("probe_ssl_earliest_cert_expiry", 60 * 86_400, outside),
    },
    backup: {
      ...bySite("frappe_backup_last_success_timestamp_seconds", 9000),
      ...bySite("frappe_backup_dump_bytes", 5e8),
      "frappe_backup_repository_up{}": 1,
      "frappe_backup_repository_checked_timestamp_seconds{}": 10_700,
    },
  };
}

/** Labels that tell the targets of a job apart. */
function targets({ sites }: MonitoringFacts, job: string): readonly string[] {
  switch (job) {
    case "site":
      return sites.map((site) => `, site="${site}"`);
    case "site-outside":
      return sites.map((site) => `, site="${site}", host="www.${site}"`);
    case "redis":
      return [', role="cache"', ', role="queue"'];
    default:
      return [""];
  }
}

/** The name that a series of these tests has, from the job and the labels that matter. */
export const seriesName = (job: string, series: string): string =>
  series.replace("{", `{job="${job}", instance="${job}:1", `).replace(", }", "}");

export function healthySeries(facts: MonitoringFacts): SeriesValues {
  const all = values(facts);
  return Object.fromEntries(
    jobsOf(facts).flatMap((job) => [
      ...targets(facts, job).map((labels) => [`up{job="${job}", instance="${job}:1"${labels}}`, flat(1)]),
      ...Object.entries(all[job] ?? {}).map(([series, value]) => [
        seriesName(job, series),
        typeof value === "string" ? value : flat(value),
      ]),
    ]),
  ) as SeriesValues;
}
