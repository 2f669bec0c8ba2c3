/** MariaDB: settings that lose no acknowledged write, and the two ways that we run it. */
import type { DatabaseConfig } from "../../config/stack.ts";
import { mebibytes } from "../../config/units.ts";

export type MariadbConfig = Extract<DatabaseConfig, { engine: "mariadb"; mode: "embedded" | "operator" }>;

/** Share of the memory for InnoDB's buffer pool; the rest is for connections and temporary tables. */
const bufferPoolShare = 0.6;

/**
 * my.cnf. Durable first: with `innodb_flush_log_at_trx_commit=0` a kill lost every acknowledged row of a test, with 1 none.
 * Character set and collation are what Frappe asks for; MariaDB 11's own default collation is another.
 */
export function renderMyCnf(config: MariadbConfig): string {
  const pool = config.bufferPool ?? `${Math.floor(mebibytes(config.resources.memory) * bufferPoolShare)}M`;
  const settings: Record<string, string | number> = {
    character_set_server: "utf8mb4",
    collation_server: "utf8mb4_unicode_ci",
    "skip-character-set-client-handshake": "",
    "skip-name-resolve": "",
    innodb_buffer_pool_size: pool,
    innodb_flush_log_at_trx_commit: 1,
    innodb_doublewrite: "ON",
    innodb_log_file_size: "512M",
    sync_binlog: 1,
    log_bin: "binlog",
    binlog_format: "ROW",
    expire_logs_days: config.binlogDays,
    max_allowed_packet: "256M",
    max_connections: config.maxConnections,
    // The kubelet's and proxies' broken-off handshakes must not lock a whole node out.
    max_connect_errors: 4294967295,
    slow_query_log: "ON",
    slow_query_log_file: "slow.log",
    long_query_time: config.slowQuerySeconds,
    // A transaction left open by a dead request would stand in a migration's way for eight hours.
    wait_timeout: 3600,
    local_infile: "OFF",
  };
  const lines = Object.entries(settings).map(([key, value]) => (value === "" ? key : `${key} = ${value}`));
  return `[mariadbd]\n${lines.join("\n")}\n`;
}
