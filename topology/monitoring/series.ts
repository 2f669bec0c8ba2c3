/**
 * Every series that an alert or a panel may name, by the scrape job that has it, with the labels of its own that we read. What
 * the shipped exporters really have is asked of them, running (tests/live); `up` and what Prometheus makes itself stand apart.
 */
import { backupMetrics } from "../../constants/backup-metrics.ts";
import { requestMetrics } from "../../constants/request-metrics.ts";
import type { MonitoringFacts } from "./facts.ts";

/** Labels, by series. */
type Series = Readonly<Record<string, readonly string[]>>;

export type Job =
  | "prometheus"
  | "alertmanager"
  | "grafana"
  | "node"
  | "volumes"
  | "database"
  | "redis"
  | "nginx"
  | "requests"
  | "site"
  | "site-outside"
  | "backup";

/** What Prometheus adds to each target, and what it makes of its own rules. */
export const ownSeries: Series = { up: ["job", "instance"], ALERTS: ["alertname", "alertstate", "severity"] };

/** Labels that the scrape configuration gives to every series of a job, beside `job` and `instance`. */
export const targetLabels: Readonly<Record<Job, readonly string[]>> = {
  prometheus: [],
  alertmanager: [],
  grafana: [],
  node: [],
  volumes: [],
  database: [],
  redis: ["role"],
  nginx: [],
  requests: [],
  site: ["site"],
  "site-outside": ["site", "host"],
  backup: [],
};

const filesystem = { node_filesystem_avail_bytes: ["mountpoint"], node_filesystem_size_bytes: ["mountpoint"] };

const mariadb: Series = {
  mysql_up: [],
  mysql_global_status_threads_connected: [],
  mysql_global_status_threads_running: [],
  mysql_global_variables_max_connections: [],
  mysql_global_status_queries: [],
  mysql_global_status_slow_queries: [],
  mysql_global_status_innodb_buffer_pool_read_requests: [],
  mysql_global_status_innodb_buffer_pool_reads: [],
};

const postgres: Series = {
  pg_up: [],
  pg_stat_activity_count: ["state"],
  pg_settings_max_connections: [],
  pg_stat_database_xact_commit: ["datname"],
  pg_stat_database_xact_rollback: ["datname"],
  pg_stat_activity_max_tx_duration: ["state"],
  pg_stat_database_blks_hit: ["datname"],
  pg_stat_database_blks_read: ["datname"],
};

const probe: Series = { probe_success: [], probe_duration_seconds: [], probe_http_status_code: [] };

const jobs: Readonly<Record<Exclude<Job, "database">, Series>> = {
  prometheus: {
    prometheus_notifications_alertmanagers_discovered: [],
    prometheus_notifications_errors_total: ["alertmanager"],
    prometheus_rule_evaluation_failures_total: ["rule_group"],
  },
  alertmanager: { alertmanager_notifications_failed_total: ["integration"] },
  grafana: {},
  node: {
    frappe_node_info: ["node"],
    node_memory_MemAvailable_bytes: [],
    node_memory_MemTotal_bytes: [],
    node_cpu_seconds_total: ["mode"],
    ...filesystem,
  },
  volumes: { node_filesystem_avail_bytes: ["volume"], node_filesystem_size_bytes: ["volume"] },
  redis: {
    redis_up: [],
    redis_memory_used_bytes: [],
    redis_memory_max_bytes: [],
    redis_evicted_keys_total: [],
    redis_keyspace_hits_total: [],
    redis_keyspace_misses_total: [],
    redis_script_values: ["key"],
  },
  nginx: { nginx_up: [], nginx_connections_active: [], nginx_connections_waiting: [], nginx_http_requests_total: [] },
  requests: {
    [requestMetrics.requests]: ["release", "site", "status"],
    [`${requestMetrics.seconds}_bucket`]: ["release", "le"],
    [`${requestMetrics.seconds}_count`]: ["release"],
  },
  site: probe,
  "site-outside": { ...probe, probe_ssl_earliest_cert_expiry: [] },
  backup: {
    [backupMetrics.lastSuccess]: ["site"],
    [backupMetrics.oldest]: ["site"],
    [backupMetrics.snapshots]: ["site"],
    [backupMetrics.dumpBytes]: ["site"],
    [backupMetrics.repositoryUp]: [],
    [backupMetrics.repositoryChecked]: [],
  },
};

/** The catalogue of a stack with this database. */
export const catalogue = (engine: MonitoringFacts["engine"]): Readonly<Record<Job, Series>> => ({
  ...jobs,
  database: engine === "mariadb" ? mariadb : postgres,
});
