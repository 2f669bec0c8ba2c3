/** Sizes, processors and spans of time, as Kubernetes, MariaDB, Postgres and Frappe write them, each within bounds that make sense. */
import { limits } from "../../constants/limits.ts";
import { bytes } from "../units.ts";
import { pattern } from "./primitives.ts";

const sized = (regex: RegExp, words: string) => (least: string, most: string) =>
  pattern(regex, `a size such as ${words}`, 16).refine(
    (size) => bytes(size) >= bytes(least) && bytes(size) <= bytes(most),
    {
      error: `expected a size from ${least} to ${most}`,
    },
  );

/** Memory or storage as Kubernetes writes it, binary suffixes only: `20G` and `20Gi` differ by 7 %, so only one is taken. */
export const byteQuantity = sized(/^[1-9]\d{0,8}(Ki|Mi|Gi|Ti)$/, "512Mi or 20Gi (Ki, Mi, Gi, Ti)");

/** A size as MariaDB writes it. */
export const mariadbSize = sized(/^[1-9]\d{0,5}[KMG]$/, "512M or 4G, as MariaDB writes it (K, M, G)");

/** A size as Postgres writes it. */
export const postgresSize = sized(/^[1-9]\d{0,5}(kB|MB|GB)$/, "512MB or 4GB, as Postgres writes it (kB, MB, GB)");

const thousandths = (cpu: string) => (cpu.endsWith("m") ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000);

/** CPU as Kubernetes writes it: cores, or thousandths with an `m`. */
export const cpuQuantity = pattern(
  /^(0\.\d{1,3}|[1-9]\d{0,3}(\.\d{1,3})?|[1-9]\d{0,5}m)$/,
  'processors such as "250m", "0.5" or "2"',
  16,
).refine((cpu) => thousandths(cpu) >= 10 && thousandths(cpu) <= 256_000, {
  error: 'expected processors from "10m" to "256"',
});

/** A duration as Kubernetes, cert-manager and the operators write it, whole hours. */
export const hours = pattern(/^[1-9]\d{0,4}h$/, "whole hours such as 720h", 8);

/** Frappe's session length, `hh:mm` (frappe-live §11: the framework itself checks nothing). */
export const sessionExpiry = pattern(/^(\d{2}|[1-9]\d{2}):[0-5]\d$/, 'hours and minutes such as "12:00"', 6).refine(
  (text) => {
    const [h = 0, m = 0] = text.split(":").map(Number);
    const minutes = h * 60 + m;
    return minutes >= 5 && minutes <= limits.sessionExpiryHours * 60;
  },
  { error: `expected from "00:05" to "${limits.sessionExpiryHours}:00"` },
);
