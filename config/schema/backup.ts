/** Backups: where to, how often, how long they are kept, and when somebody is told that they are late. */
import { z } from "zod";
import { serverAddress } from "./addresses.ts";
import { dnsSubdomain, pattern, wholeNumber } from "./primitives.ts";
import { byteQuantity, hours } from "./quantities.ts";
import { reachableRanges } from "./ranges.ts";
import { cron } from "./schedules.ts";
import { resources } from "./workload.ts";

const storageClass = dnsSubdomain.optional().describe("Storage class; left out, the cluster's default.");

const s3 = z.strictObject({
  kind: z.literal("s3"),
  endpoint: serverAddress.describe(
    "Host of the S3 service, without scheme, port or credentials; it is spoken to by TLS. The keys are the secrets frappe:backupS3AccessKey and frappe:backupS3SecretKey.",
  ),
  port: wholeNumber(1, 65_535).default(443).describe("Port."),
  region: pattern(/^[a-z0-9][a-z0-9-]*$/, "a region such as ap-southeast-1", 40).describe("Region of the bucket."),
  bucket: pattern(
    /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    "a bucket's name of 3 to 63 lower-case letters, digits, inner dashes and dots",
    63,
  ).describe("The bucket; give it versioning or object lock, so that a stolen key cannot empty it."),
  prefix: pattern(
    /^[A-Za-z0-9][A-Za-z0-9_-]*(\/[A-Za-z0-9][A-Za-z0-9_-]*)*$/,
    "a path in the bucket without slashes around it, such as frappe/prod",
    120,
  ).describe("Path in the bucket, this stack's own."),
  addresses: reachableRanges.describe("Address ranges of the service, for the network policy."),
});

const volume = z.strictObject({
  kind: z.literal("volume"),
  accessMode: z
    .enum(["ReadWriteMany", "ReadWriteOnce"], { error: "expected ReadWriteMany or ReadWriteOnce" })
    .describe("ReadWriteOnce only where all pods run on one node."),
  size: byteQuantity("1Gi", "1000Ti").describe("Size. It can grow, never shrink."),
  storageClass,
});

const kept = (standard: number, most: number) => wholeNumber(0, most).default(standard);

const retention = z
  .strictObject({
    last: wholeNumber(1, 1000)
      .default(7)
      .describe("Newest backups of a site that are always kept; at least 1, or the next clean-up would leave nothing."),
    daily: kept(14, 3650).describe("Days of which the newest backup is kept."),
    weekly: kept(8, 520).describe("Weeks of which the newest backup is kept."),
    monthly: kept(12, 120).describe("Months of which the newest backup is kept."),
  })
  .prefault({})
  .describe("What is kept of each site, counted over verified backups alone.");

export const backup = z
  .strictObject({
    repository: z
      .discriminatedUnion("kind", [s3, volume], { error: "expected kind s3 or volume" })
      .describe("Where the encrypted restic repository lies. A volume in the same cluster is lost with it."),
    schedule: cron.default("17 1 * * *").describe("When it runs, cron, UTC."),
    timeLimit: wholeNumber(300, 86_400, " seconds")
      .default(7200)
      .describe("Seconds a run may take, then it is ended and has failed; the schedule leaves it that long."),
    maxAge: hours
      .default("27h")
      .describe("Age of a site's newest verified backup above which an alert fires: the loss that is put up with."),
    retention,
    readDataPercent: wholeNumber(1, 100)
      .default(5)
      .describe("Share of the repository that each run reads back and checks."),
    scratch: z
      .strictObject({
        size: byteQuantity("1Gi", "100Ti").default("10Gi").describe("Size: the largest site's dump, thrice."),
        storageClass: dnsSubdomain
          .optional()
          .describe("Storage class of a volume that comes and goes with each run; left out, the node's own disk."),
      })
      .prefault({})
      .describe("Where a dump lies until it is stored."),
    resources: resources("250m", "1Gi", "256Mi"),
  })
  .describe("Backups of every site: database, files and keys, encrypted, verified by reading them back.");
