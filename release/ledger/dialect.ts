/** What MariaDB and Postgres say differently of the few statements that the ledger makes. Times are the server's, in milliseconds. */
import { quotings } from "../../backup/databases/quoting.ts";

export interface Dialect {
  /** A literal. */
  readonly text: (value: string) => string;
  /** The server's clock. */
  readonly now: string;
  /** A column of long text, and an expression that gives it back without a line end or a column's end in it. */
  readonly longText: string;
  readonly hex: (column: string) => string;
  /** A number that counts up by itself. */
  readonly counter: string;
  /** What a session says first to make tables while no other session of this kind does. */
  readonly alone: readonly string[];
  /**
   * One transaction: changes a row if the lock is held in that generation, and only then adds others. Prints how many rows it changed.
   */
  readonly guarded: (change: Guarded) => string;
  /** Adds a row unless it is there. */
  readonly insertOnce: (table: string, columns: string, values: string) => string;
}

export interface Insert {
  /** A table with its columns. */
  readonly into: string;
  /** Values, by commas. */
  readonly rows: readonly string[];
}

/** @param source `FROM …`, with one row or none */
const insertOf = ({ into, rows }: Insert, source: string): string =>
  `INSERT INTO ${into} ${rows.map((row) => `SELECT ${row} ${source}`).join(" UNION ALL ")}`;

export interface Guarded {
  /** `UPDATE … SET … WHERE …`, or `INSERT INTO … (…) SELECT …`, ending where ` AND <held>` or ` WHERE <held>` may follow. */
  readonly change: string;
  readonly joinedBy: "AND" | "WHERE";
  readonly generation: number;
  /** Each is made only if the change was, in the same transaction. */
  readonly inserts: readonly Insert[];
}

export const mariadbDialect: Dialect = {
  text: quotings.mariadb.text,
  now: "ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000)",
  longText: "LONGTEXT CHARACTER SET utf8mb4",
  hex: (column) => `HEX(${column})`,
  counter: "BIGINT AUTO_INCREMENT PRIMARY KEY",
  alone: [],
  guarded: ({ change, joinedBy, generation, inserts }) =>
    [
      "START TRANSACTION",
      // Read with a lock: whoever takes the release over waits for this transaction, or this one sees that it was taken over.
      `SELECT COUNT(*) INTO @held FROM holder WHERE id = 1 AND generation = ${generation} FOR UPDATE`,
      `${change} ${joinedBy} @held = 1`,
      "SET @changed = ROW_COUNT()",
      ...inserts.map((insert) => insertOf(insert, "FROM DUAL WHERE @changed = 1")),
      "COMMIT",
      "SELECT @changed",
    ].join(";\n"),
  insertOnce: (table, columns, values) => `INSERT IGNORE INTO ${table} (${columns}) VALUES (${values})`,
};

export const postgresDialect: Dialect = {
  text: quotings.postgres.text,
  now: "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint",
  longText: "TEXT",
  hex: (column) => `encode(convert_to(${column}, 'UTF8'), 'hex')`,
  counter: "BIGSERIAL PRIMARY KEY",
  // Here two that make one table at once stumble over each other, IF NOT EXISTS or not. The session's end frees it.
  alone: ["DO $$ BEGIN PERFORM pg_advisory_lock(hashtextextended('the ledger''s tables', 0)); END $$"],
  guarded: ({ change, joinedBy, generation, inserts }) =>
    [
      `WITH held AS (SELECT 1 FROM holder WHERE id = 1 AND generation = ${generation} FOR UPDATE),`,
      `changed AS (${change} ${joinedBy} EXISTS (SELECT 1 FROM held) RETURNING 1),`,
      inserts.map((insert, number) => `added${number} AS (${insertOf(insert, "FROM changed")})`).join(",\n"),
      "SELECT COUNT(*) FROM changed",
    ].join("\n"),
  insertOnce: (table, columns, values) => `INSERT INTO ${table} (${columns}) VALUES (${values}) ON CONFLICT DO NOTHING`,
};

export const dialects = { mariadb: mariadbDialect, postgres: postgresDialect } as const;
