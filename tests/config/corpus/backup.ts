/** Backups: schedules, retention, where they lie. */
import { field, found, gone, type HostileCase } from "./case.ts";

const s3 = "backup.repository";
const volume = (accessMode: string) => ({ kind: "volume", accessMode, size: "10Gi" });

export const backup: readonly HostileCase[] = [
  found("no backups", { backup: gone }, "backup", "missing: expected"),
  found("no repository", { "backup.repository": gone }, s3, "missing: expected"),
  ...field("backup.repository.kind", "expected kind s3 or volume", { "a disk": "disk", null: null }),
  ...field("backup.retention.last", "expected a whole number from 1 to 1000", { nothing: 0, less: -1, "7 days": "7d" }),
  ...field("backup.retention.daily", "expected a whole number from 0", { less: -1, half: 0.5 }),
  ...field("backup.schedule", "expected a cron expression", {
    words: "@daily",
    "four fields": "0 1 * *",
    "six fields": "0 0 1 * * *",
    empty: "",
    null: null,
  }),
  ...field("backup.schedule", "this date never comes", { "the 30th of February": "0 1 30 2 *" }),
  ...field(
    "backup.schedule",
    "expected runs at least frappe:backup.timeLimit and a quarter of an hour (8100 seconds) apart",
    {
      "each minute": "* * * * *",
      "each hour": "0 * * * *",
      "two close ones in a day": "0 1,2 * * *",
    },
  ),
  ...field("backup.maxAge", "expected at least the time between two runs and their limit (7h)", {
    "the interval": "4h",
    "an hour less": "5h",
  }),
  ...field("backup.maxAge", "expected", { days: "1d", "no unit": "27", none: "0h", "a number": 27 }),
  found("a run each day, told of by the hour", { "backup.schedule": "0 1 * * *" }, "backup.maxAge", "(27h), got 7h"),
  ...field("backup.timeLimit", "expected a whole number from 300 to 86400 seconds", { none: 0, "a minute": 60 }),
  ...field("backup.readDataPercent", "expected a whole number from 1 to 100", { nothing: 0, "too much": 101 }),
  found("a bucket without a region", { [`${s3}.region`]: gone }, `${s3}.region`, "missing: expected a region"),
  ...field(`${s3}.region`, "expected a region", { empty: "", capitals: "EU-West-1", "a space": "eu west" }),
  ...field(`${s3}.endpoint`, "without scheme, user and port", {
    "a scheme": "https://s3.example.com",
    "plain http": "http://s3.example.com",
    credentials: "key:hunter2@s3.example.com",
    "a port": "s3.example.com:9000",
    "a path": "s3.example.com/bucket",
    itself: "localhost",
  }),
  ...field(`${s3}.prefix`, "expected a path in the bucket without slashes around it", {
    "a slash before": "/frappe/prod",
    "a slash behind": "frappe/prod/",
    "two slashes": "frappe//prod",
    "the way up": "../prod",
    "the way up inside": "frappe/../other",
    empty: "",
    "a space": "frappe prod",
  }),
  ...field(`${s3}.bucket`, "expected a bucket's name", {
    capitals: "Backups",
    "an address": "10.0.0.1",
    "two letters": "ab",
    "a path": "backups/prod",
    credentials: "key:hunter2@backups",
  }),
  found("no addresses", { [`${s3}.addresses`]: gone }, `${s3}.addresses`, "missing: expected"),
  ...["accessKey", "secretKey"].map((key) =>
    found(`${key} inside the repository`, { [`${s3}.${key}`]: "hunter2" }, `${s3}.${key}`, "unknown key"),
  ),
  ...["backupS3AccessKey", "backupS3SecretKey"].map((key): HostileCase => ({
    name: `${key} of a bucket missing`,
    stack: "prod",
    set: {},
    secrets: { drop: [key] },
    path: `frappe:${key}`,
    says: "missing: expected the",
  })),
  found(
    "keys of a bucket for a volume",
    { [s3]: volume("ReadWriteMany") },
    "backupS3SecretKey",
    "nothing reads this secret",
  ),
  found(
    "a volume of one node on many",
    { [s3]: volume("ReadWriteOnce") },
    `${s3}.accessMode`,
    "expected ReadWriteMany",
  ),
  found(
    "a volume of one node on many, beside a sites volume of one node",
    { [s3]: volume("ReadWriteOnce"), "platform.nodes": "many" },
    `${s3}.accessMode`,
    "only with frappe:platform.nodes single",
    "dev",
  ),
  ...field("backup.scratch.size", "expected", { "no unit": "300", nothing: "0Gi", lower: "300gb" }),
];
