/** Postgres: settings that lose no acknowledged write, and who may connect. */
import type { DatabaseConfig } from "../../config/stack.ts";
import { mebibytes } from "../../config/units.ts";

export type PostgresConfig = Extract<DatabaseConfig, { engine: "postgres"; mode: "embedded" | "operator" }>;

/** Share of the memory for shared buffers, as Postgres' own documentation starts with. */
const sharedBuffersShare = 0.25;

/** Settings that both our StatefulSet and the operator's cluster get. */
export function postgresParameters(config: PostgresConfig): Readonly<Record<string, string>> {
  return {
    max_connections: String(config.maxConnections),
    shared_buffers: config.sharedBuffers ?? `${Math.floor(mebibytes(config.resources.memory) * sharedBuffersShare)}MB`,
    log_min_duration_statement: `${config.slowQuerySeconds * 1000}ms`,
    // A dump goes back in one transaction, which drops and makes every table: 27 locks for each of Frappe's (measured on 15), of which ERPNext has
    // many hundreds. As many as this, times max_connections, fit.
    max_locks_per_transaction: "512",
    // A transaction left open by a dead request would stand in a migration's way.
    idle_in_transaction_session_timeout: "3600s",
  };
}

/** postgresql.conf of the embedded server. */
export function renderPostgresConf(config: PostgresConfig): string {
  const settings = {
    listen_addresses: "'*'",
    unix_socket_directories: "'/var/run/postgresql'",
    password_encryption: "scram-sha-256",
    fsync: "on",
    synchronous_commit: "on",
    full_page_writes: "on",
    wal_level: "replica",
    logging_collector: "off",
    log_destination: "stderr",
    hba_file: "'/etc/postgresql/pg_hba.conf'",
    ...postgresParameters(config),
  };
  return `${Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}`)
    .join("\n")}\n`;
}

/** pg_hba.conf: passwords by SCRAM from the network, the server's own user by its socket. */
export const pgHba = `local all postgres peer
local all all scram-sha-256
host all all 0.0.0.0/0 scram-sha-256
host all all ::0/0 scram-sha-256
`;
