/** The database: engine × mode. Each pair has its own shape; a setting of another pair is an unknown key. */
import { z } from "zod";
import { serverAddress } from "./addresses.ts";
import { dnsLabel, dnsSubdomain, pattern, wholeNumber } from "./primitives.ts";
import { byteQuantity, hours, mariadbSize, postgresSize } from "./quantities.ts";
import { reachableRanges } from "./ranges.ts";
import { cron } from "./schedules.ts";
import { resources } from "./workload.ts";

const storage = z
  .strictObject({
    size: byteQuantity("1Gi", "100Ti").describe("Size of one member's volume. It can grow, never shrink."),
    storageClass: dnsSubdomain.optional().describe("Storage class; left out, the cluster's default."),
  })
  .describe("Where the data lies.");

const maxConnections = wholeNumber(20, 10_000)
  .default(200)
  .describe("Connections that the server takes; at least web replicas × workers × threads + workers.");

const mariadbTuning = {
  bufferPool: mariadbSize("64M", "4096G").optional().describe("innodb_buffer_pool_size; left out, 60 % of the memory."),
  maxConnections,
  slowQuerySeconds: wholeNumber(1, 3600, " seconds").default(2).describe("Queries above this are in the slow log."),
  binlogDays: wholeNumber(1, 90, " days").default(7).describe("Days that the binary log is kept for point in time."),
};

const postgresTuning = {
  sharedBuffers: postgresSize("16MB", "4096GB")
    .optional()
    .describe("shared_buffers; left out, a quarter of the memory."),
  maxConnections,
  slowQuerySeconds: wholeNumber(1, 3600, " seconds").default(2).describe("Queries above this are logged."),
  acceptExperimental: z
    .literal(true, { error: "expected true, or leave it out" })
    .optional()
    .describe("Says that you know: ERPNext on Postgres is experimental upstream, with failing queries."),
};

const members = z
  .union([z.literal(1), z.literal(3), z.literal(5)], { error: "expected 1, 3 or 5: an even number has no majority" })
  .default(3)
  .describe("Members of the cluster.");

const snapshot = {
  schedule: cron.describe("When a volume snapshot is taken, cron, UTC."),
  className: dnsSubdomain.describe("Volume snapshot class."),
};
const snapshotsAre = "Volume snapshots by the operator. They stand beside backups and replace none.";

const operatorNamespace = (standard: string) =>
  dnsLabel.default(standard).describe("Namespace of the operator, for the network policy.");

const external = {
  host: serverAddress.describe("Address of the managed server."),
  port: wholeNumber(1, 65_535).optional().describe("Port; left out, the engine's own."),
  addresses: reachableRanges.describe("Address ranges of the server, for the network policy."),
  adminUser: pattern(/^[A-Za-z_][A-Za-z0-9_]*$/, "a user name", 32).describe(
    "User that may create schemas and users; its password is the secret frappe:databaseAdminPassword.",
  ),
};

const engineExpected = { error: "expected engine mariadb or postgres" };

export const database = z
  .discriminatedUnion(
    "mode",
    [
      z.discriminatedUnion(
        "engine",
        [
          z.strictObject({
            mode: z.literal("embedded"),
            engine: z.literal("mariadb"),
            storage,
            resources: resources("500m", "2Gi", "512Mi"),
            ...mariadbTuning,
          }),
          z.strictObject({
            mode: z.literal("embedded"),
            engine: z.literal("postgres"),
            storage,
            resources: resources("500m", "2Gi", "256Mi"),
            ...postgresTuning,
          }),
        ],
        engineExpected,
      ),
      z.discriminatedUnion(
        "engine",
        [
          z.strictObject({
            mode: z.literal("operator"),
            engine: z.literal("mariadb"),
            members,
            topology: z
              .enum(["galera", "replication"], { error: "expected galera or replication" })
              .default("replication")
              .describe("galera: every member takes writes. replication: one does, the operator fails over."),
            storage,
            resources: resources("1", "4Gi", "512Mi"),
            snapshots: z
              .strictObject({ ...snapshot, keep: hours.default("336h").describe("How long a snapshot is kept.") })
              .optional()
              .describe(snapshotsAre),
            operatorNamespace: operatorNamespace("mariadb-operator"),
            ...mariadbTuning,
          }),
          z.strictObject({
            mode: z.literal("operator"),
            engine: z.literal("postgres"),
            members,
            storage,
            resources: resources("1", "4Gi", "256Mi"),
            snapshots: z
              .strictObject(snapshot)
              .optional()
              .describe(`${snapshotsAre} CloudNativePG keeps them until they are deleted.`),
            operatorNamespace: operatorNamespace("cnpg-system"),
            ...postgresTuning,
          }),
        ],
        engineExpected,
      ),
      z.discriminatedUnion(
        "engine",
        [
          z.strictObject({ mode: z.literal("external"), engine: z.literal("mariadb"), ...external }),
          z.strictObject({
            mode: z.literal("external"),
            engine: z.literal("postgres"),
            ...external,
            acceptExperimental: postgresTuning.acceptExperimental,
          }),
        ],
        engineExpected,
      ),
    ],
    { error: "expected a database: mode (embedded, operator, external) and engine (mariadb, postgres)" },
  )
  .describe("The database: one StatefulSet (embedded), an operator's cluster (operator), a managed server (external).");
