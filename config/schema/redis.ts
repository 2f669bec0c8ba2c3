/** Redis: a cache and a queue, ours or managed. */
import { z } from "zod";
import { serverAddress } from "./addresses.ts";
import { dnsSubdomain, wholeNumber } from "./primitives.ts";
import { byteQuantity } from "./quantities.ts";
import { reachableRanges } from "./ranges.ts";
import { resources } from "./workload.ts";

const externalRedis = z.strictObject({
  host: serverAddress.describe("Address that follows the master."),
  port: wholeNumber(1, 65_535).default(6379).describe("Port."),
  tls: z.boolean({ error: "expected true or false" }).default(true).describe("Whether the server speaks TLS."),
  addresses: reachableRanges.describe("Address ranges of the server, for the network policy."),
});

export const redis = z
  .discriminatedUnion(
    "mode",
    [
      z.strictObject({
        mode: z.literal("embedded"),
        cache: z
          .strictObject({ resources: resources("50m", "256Mi", "32Mi") })
          .prefault({})
          .describe("Volatile: evicts the least used, keeps nothing on disk."),
        queue: z
          .strictObject({
            resources: resources("50m", "512Mi", "64Mi"),
            storage: z
              .strictObject({
                size: byteQuantity("256Mi", "10Ti")
                  .default("2Gi")
                  .describe("Size of the volume that the append-only file lies on."),
                storageClass: dnsSubdomain.optional().describe("Storage class; left out, the cluster's default."),
              })
              .prefault({})
              .describe("Where the jobs lie."),
          })
          .prefault({})
          .describe("Holds jobs: never evicts, on disk before it is acknowledged."),
      }),
      z.strictObject({
        mode: z.literal("external"),
        cache: externalRedis.describe("Must support CLIENT TRACKING (Frappe 16)."),
        queue: externalRedis.describe("Must not evict (noeviction) and must persist."),
      }),
    ],
    { error: "expected mode embedded or external" },
  )
  .prefault({ mode: "embedded" })
  .describe("Redis: a cache and a queue, apart.");
