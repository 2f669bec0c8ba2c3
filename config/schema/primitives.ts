/**
 * The words that stack files are written in: names, quantities, schedules. Each refuses what Kubernetes, MariaDB, Postgres or
 * DNS would refuse later, and says what it expected. No value is ever repaired silently: two spellings of one thing would
 * become two things.
 */
import { isIP } from "node:net";
import { Cron } from "croner";
import { z } from "zod";
import { limits } from "../../constants/limits.ts";

/** A string that must match one pattern; `expected` completes the sentence "expected …". */
export const pattern = (regex: RegExp, expected: string, max: number = limits.dnsName) =>
  z
    .string({ error: `expected ${expected}` })
    .max(max, { error: `expected ${expected}, at most ${max} characters` })
    .regex(regex, { error: `expected ${expected}` });

export const wholeNumber = (min: number, max: number, unit = "") =>
  z
    .int({ error: `expected a whole number from ${min} to ${max}${unit}` })
    .min(min, { error: `expected a whole number from ${min} to ${max}${unit}` })
    .max(max, { error: `expected a whole number from ${min} to ${max}${unit}` });

/** One DNS label (RFC 1123), which is also what most Kubernetes names are. */
export const dnsLabel = pattern(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  `a name of lower-case letters, digits and inner dashes`,
  limits.dnsLabel,
);

/** Kubernetes names of Services and what becomes one start with a letter (RFC 1035). */
export const serviceName = pattern(
  /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
  `a name of lower-case letters, digits and inner dashes that starts with a letter`,
  40,
);

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const hostnameShape = new RegExp(`^(?:${label}\\.)+(?!\\d+$)${label}$`);

/** Says which of the usual slips makes `text` no canonical host name. */
function hostnameSlip(text: string): string {
  if (/[^\x20-\x7e]/u.test(text)) {
    return "write an internationalised name in its ASCII form (xn--…)";
  }
  if (text !== text.toLowerCase()) {
    return "write it in lower case";
  }
  if (text.endsWith(".")) {
    return "leave out the trailing dot";
  }
  if (text.split(".").some((part) => part.length > limits.dnsLabel)) {
    return `each label has at most ${limits.dnsLabel} characters`;
  }
  return "letters, digits, inner dashes, and at least one dot";
}

/** A fully qualified host name in its one canonical spelling: lower case, ASCII, no trailing dot. */
export const hostname = z
  .string({ error: "expected a host name such as erp.example.com" })
  .superRefine((text, context) => {
    if (text.length > limits.dnsName || !hostnameShape.test(text)) {
      context.addIssue({
        code: "custom",
        message: `expected a host name such as erp.example.com: ${hostnameSlip(text)}`,
      });
    }
  });

/** `*.example.com`: one level below a host name. */
export const wildcard = z
  .string({ error: "expected a wildcard such as *.erp.example.com" })
  .superRefine((text, context) => {
    if (!text.startsWith("*.") || text.length > limits.dnsName || !hostnameShape.test(text.slice(2))) {
      context.addIssue({ code: "custom", message: "expected a wildcard such as *.erp.example.com" });
    }
  });

/** Host that a server is reached at: a host name, a Kubernetes Service name or an IPv4 address. */
export const serverAddress = z
  .string({ error: "expected a host name or an IP address" })
  .superRefine((text, context) => {
    if (isIP(text) === 0 && !hostnameShape.test(text) && !dnsLabel.safeParse(text).success) {
      context.addIssue({ code: "custom", message: "expected a host name or an IP address, without scheme and port" });
    }
  });

/** An address range in CIDR form; a range that covers every address is refused, since it declares nothing. */
export const cidr = z.string({ error: "expected an address range such as 10.0.0.0/8" }).superRefine((text, context) => {
  const [address = "", bits = "", ...rest] = text.split("/");
  const family = isIP(address);
  const wellFormed = rest.length === 0 && family !== 0 && /^(0|[1-9]\d{0,2})$/.test(bits);
  if (!wellFormed || Number(bits) > (family === 4 ? 32 : 128)) {
    context.addIssue({ code: "custom", message: "expected an address range such as 10.0.0.0/8" });
  } else if (Number(bits) === 0) {
    context.addIssue({ code: "custom", message: "expected a range narrower than every address" });
  }
});

/** Memory or storage as Kubernetes writes it, binary suffixes only: `20G` and `20Gi` differ by 7 %, so only one is taken. */
export const byteQuantity = pattern(/^[1-9]\d{0,8}(Ki|Mi|Gi|Ti)$/, "a size such as 512Mi or 20Gi (Ki, Mi, Gi, Ti)", 16);

/** CPU as Kubernetes writes it: cores, or thousandths with an `m`. */
export const cpuQuantity = pattern(
  /^(?!0+m?$)(0\.\d{1,3}|[1-9]\d{0,3}(\.\d{1,3})?|[1-9]\d{0,5}m)$/,
  'processors such as "250m", "0.5" or "2"',
  16,
);

/** A size as MariaDB writes it. */
export const mariadbSize = pattern(/^[1-9]\d{0,5}[KMG]$/, "a MariaDB size such as 512M or 4G (K, M, G)", 8);

/** A size as Postgres writes it. */
export const postgresSize = pattern(
  /^[1-9]\d{0,5}(kB|MB|GB)$/,
  "a Postgres size such as 512MB or 4GB (kB, MB, GB)",
  10,
);

/** A duration as Kubernetes, cert-manager and the operators write it, whole hours. */
export const hours = pattern(/^[1-9]\d{0,4}h$/, "whole hours such as 720h", 8);

/** Frappe's session length, `hh:mm` (frappe-live §11: the framework itself checks nothing). */
export const sessionExpiry = pattern(/^\d{2,3}:[0-5]\d$/, 'hours and minutes such as "12:00"', 6).refine(
  (text) => {
    const [h = 0, m = 0] = text.split(":").map(Number);
    return h * 60 + m >= 5 && h <= limits.sessionExpiryHours;
  },
  { error: `expected from "00:05" to "${limits.sessionExpiryHours}:00"` },
);

/** An IANA time zone in its canonical spelling, as containers' tzdata and Frappe know it. */
export const timeZone = z
  .string({ error: "expected a time zone such as Asia/Singapore" })
  .refine((zone) => zone === "UTC" || Intl.supportedValuesOf("timeZone").includes(zone), {
    error: "expected a time zone of the IANA database such as Asia/Singapore, or UTC",
  });

/** Reference date of "does it ever fire": fixed, so that a stack file is right or wrong on every day alike. */
const scheduleEpoch = new Date("2024-01-01T00:00:00Z");

/** A cron expression of five fields that fires at least once. */
export const cron = z
  .string({ error: 'expected a cron expression such as "30 2 * * *"' })
  .superRefine((text, context) => {
    if (!/^[\d*,/-]+( [\d*,/-]+){4}$/.test(text)) {
      context.addIssue({
        code: "custom",
        message: 'expected a cron expression of five numeric fields such as "30 2 * * *"',
      });
      return;
    }
    try {
      if (new Cron(text, { timezone: "UTC", mode: "5-part" }).nextRun(scheduleEpoch) === null) {
        context.addIssue({ code: "custom", message: "expected a schedule that fires; this date never comes" });
      }
    } catch {
      context.addIssue({
        code: "custom",
        message: 'expected a cron expression such as "30 2 * * *"; a field is out of range',
      });
    }
  });

/** Repository of an image, fully qualified: what a bare name means depends on the node's configuration. */
export const imageRepository = pattern(
  /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{2,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/,
  "a repository with its registry, such as docker.io/frappe/erpnext",
);
export const imageTag = pattern(
  /^(?!latest$)[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
  "a tag that names a version, not latest",
  128,
);
export const imageDigest = pattern(/^sha256:[0-9a-f]{64}$/, "a digest: sha256: and 64 hexadecimal digits", 71);

/** An app as bench names it: a Python package. */
export const appName = pattern(/^[a-z][a-z0-9_]*$/, "an app's name: lower-case letters, digits, underscores", 60);
export const appVersion = pattern(/^[0-9A-Za-z][0-9A-Za-z.+_-]*$/, "a version such as 15.51.1 or a git revision", 64);
export const queueName = pattern(/^[a-z][a-z0-9-]*$/, "a queue's name: lower-case letters, digits, dashes", 30);

const reservedSchemas =
  /^(mysql|sys|test|postgres|template[01]|information_schema|performance_schema|pg_.*|root|admin)$/;
/** Name of a site's schema, and of its database user. */
export const schemaName = pattern(
  /^[a-z_][a-z0-9_]*$/,
  "a schema name of lower-case letters, digits, underscores",
  limits.schemaName,
).refine((name) => !reservedSchemas.test(name), { error: "expected a name that the server does not use itself" });
