/** Database and Redis. */
import { alertBounds } from "../../../constants/alerts.ts";
import type { MonitoringFacts } from "../facts.ts";
import { connections } from "../rules/database.ts";
import type { PanelPlan } from "./panel.ts";

const rate = (selector: string) => `sum(rate(${selector}[$__rate_interval]))`;
const of = (series: string) => `${series}{job="database"}`;

/** What each engine calls the same three things. */
const own: Readonly<Record<MonitoringFacts["engine"], readonly PanelPlan[]>> = {
  mariadb: [
    {
      title: "Queries",
      kind: "graph",
      description:
        "Statements a second. A step up with as many requests as before is one report or job: see the process list.",
      unit: "ops",
      queries: [[rate(of("mysql_global_status_queries")), "queries"]],
    },
    {
      title: "Slow queries",
      kind: "graph",
      description: "Statements a second that took longer than long_query_time. The slow log has their text.",
      unit: "ops",
      queries: [[rate(of("mysql_global_status_slow_queries")), "slow"]],
    },
    {
      title: "Read from memory",
      kind: "graph",
      description:
        "Share of InnoDB's page reads that the buffer pool had. Below 99 % for long: give the database more memory.",
      unit: "percentunit",
      queries: [
        [
          `1 - ${rate(of("mysql_global_status_innodb_buffer_pool_reads"))} / ${rate(of("mysql_global_status_innodb_buffer_pool_read_requests"))}`,
          "pool",
        ],
      ],
      max: 1,
    },
  ],
  postgres: [
    {
      title: "Transactions",
      kind: "graph",
      description: "A second, over all databases. Many rolled back: requests fail in the middle of their work.",
      unit: "ops",
      queries: [
        [rate(of("pg_stat_database_xact_commit")), "committed"],
        [rate(of("pg_stat_database_xact_rollback")), "rolled back"],
      ],
    },
    {
      title: "Longest transaction",
      kind: "graph",
      description:
        "Age of the oldest that is open, by state. One that is idle and old holds locks: find its client and end it.",
      unit: "s",
      queries: [[`max by (state) (${of("pg_stat_activity_max_tx_duration")})`, "{{state}}"]],
    },
    {
      title: "Read from memory",
      kind: "graph",
      description:
        "Share of block reads that the shared buffers had. Below 99 % for long: give the database more memory.",
      unit: "percentunit",
      queries: [
        [
          `${rate(of("pg_stat_database_blks_hit"))} / (${rate(of("pg_stat_database_blks_hit"))} + ${rate(of("pg_stat_database_blks_read"))})`,
          "buffers",
        ],
      ],
      max: 1,
    },
  ],
};

export const database = ({ engine, maxConnections }: MonitoringFacts): readonly PanelPlan[] => [
  {
    title: "Connections in use",
    kind: "graph",
    description: `Share of the connections that the database takes${maxConnections === undefined ? "" : ` (${maxConnections} by the stack file)`}. At all of them requests fail, and a release has none.`,
    alerts: ["DatabaseDown", "DatabaseConnectionsHigh"],
    unit: "percentunit",
    queries: [[`${connections[engine].used} / ${connections[engine].most}`, "{{instance}}"]],
    red: { above: alertBounds.databaseConnections },
    max: 1,
  },
  ...own[engine],
];

const redisOf = (series: string) => `${series}{job="redis"}`;
const byRole = (series: string) => `sum by (role) (rate(${redisOf(series)}[$__rate_interval]))`;
const hits = byRole("redis_keyspace_hits_total");

export const redis: readonly PanelPlan[] = [
  {
    title: "Memory in use",
    kind: "graph",
    description:
      "Share of what each server may hold. The cache may be full, it forgets; the queue may not, it refuses.",
    alerts: ["RedisDown", "RedisQueueMemoryHigh"],
    unit: "percentunit",
    queries: [[`${redisOf("redis_memory_used_bytes")} / (${redisOf("redis_memory_max_bytes")} > 0)`, "{{role}}"]],
    red: { above: alertBounds.queueMemory },
    max: 1,
  },
  {
    title: "Evictions",
    kind: "graph",
    description: "Keys a second that the cache forgot for want of room. Many, and a low hit rate: give it more memory.",
    unit: "ops",
    queries: [[byRole("redis_evicted_keys_total"), "{{role}}"]],
  },
  {
    title: "Found in the cache",
    kind: "graph",
    description: "Share of the reads that found their key. After a restart or a release it climbs back within minutes.",
    unit: "percentunit",
    queries: [[`${hits} / (${hits} + ${byRole("redis_keyspace_misses_total")})`, "{{role}}"]],
    max: 1,
  },
];
