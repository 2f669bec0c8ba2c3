/** Reads and checks the configuration file; every problem is reported at once, with its key. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { BackupJob } from "./job.ts";

/** A site's host name, safe as the name of a folder. */
export const siteName = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i;

type Check = (value: unknown) => string | undefined;

const say = (holds: boolean, expected: string) => (holds ? undefined : `expected ${expected}`);
const text: Check = (value) => say(typeof value === "string" && /^[^\0\r\n]+$/.test(value), "a line of text");
const folder: Check = (value) => say(typeof value === "string" && path.isAbsolute(value), "an absolute path");
const count =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    say(Number.isInteger(value) && Number(value) >= least && Number(value) <= most, `a whole number from ${least}`);
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    say(values.includes(value as string), values.map((each) => JSON.stringify(each)).join(" or "));
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value);
const argv: Check = (value) =>
  say(Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string"), "a list of words");
const site: Check = (value) => say(typeof value === "string" && siteName.test(value), "a host name");
const repository: Check = (value) => {
  if (typeof value !== "string") return "expected a folder or s3:https://host/bucket/prefix";
  if (path.isAbsolute(value)) return undefined;
  if (!/^s3:https?:\/\/[^/]+\/[^/]+/.test(value)) return "expected a folder or s3:https://host/bucket/prefix";
  return say(!/^s3:https?:\/\/[^/]*@/.test(value), "no credentials in the URL: they belong into s3CredentialsFile");
};

const keys: Readonly<Record<string, Check>> = {
  bench: text,
  sitesFolder: folder,
  "database.engine": oneOf("mariadb", "postgres"),
  "database.host": text,
  "database.port": count(1, 65_535),
  repository,
  region: optional(text),
  passwordFile: folder,
  s3CredentialsFile: optional(folder),
  scratch: folder,
  cache: optional(folder),
  "retention.last": count(0),
  "retention.daily": count(0),
  "retention.weekly": count(0),
  "retention.monthly": count(0),
  readDataPercent: count(1, 100),
  timeLimit: count(1),
  restoreTimeLimit: optional(count(1)),
  scratchBytes: optional(count(1)),
  release: optional(text),
  tools: optional(folder),
  libraries: optional(folder),
  clearCache: optional(argv),
  settleSeconds: optional(count(0)),
  metricsPort: optional(count(1, 65_535)),
  refreshSeconds: optional(count(1)),
};

const siteKeys: Readonly<Record<string, Check>> = { name: site, schema: text, state: oneOf("active", "archived") };
const objectKeys = new Set(["sites", "database", "database.tls", "retention"]);

/** Reads the file; throws one error that names every problem. Unknown keys are problems too. */
export function readJob(file: string): BackupJob {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const problems = problemsOf(parsed);
  if (problems.length > 0) throw new Error(`${file}: ${problems.join("; ")}`);
  return parsed as BackupJob;
}

/** Every problem of a configuration, as `key: what is wrong`. */
export function problemsOf(job: unknown): string[] {
  if (!isRecord(job)) return ["expected an object"];
  const problems = Object.entries(keys).flatMap(([key, check]) => problem(key, check(at(job, key))));
  for (const key of [...Object.keys(job), ...under(job, "database"), ...under(job, "retention")]) {
    if (!(key in keys) && !objectKeys.has(key)) problems.push(`${key}: unknown key`);
  }
  problems.push(...problem("database.tls", tlsProblem(at(job, "database.tls"))), ...sitesProblems(job["sites"]));
  const kept = isRecord(job["retention"]) ? Object.values(job["retention"]) : [];
  if (kept.length > 0 && kept.every((each) => each === 0)) problems.push("retention: keeps nothing");
  return problems;
}

function sitesProblems(sites: unknown): string[] {
  if (!Array.isArray(sites)) return ["sites: expected a list"];
  const names = sites.map((each: unknown) => (isRecord(each) ? each["name"] : undefined));
  return sites.flatMap((each: unknown, index) => [
    ...Object.entries(siteKeys).flatMap(([key, check]) =>
      problem(`sites[${index}].${key}`, check(isRecord(each) ? each[key] : undefined)),
    ),
    ...problem(`sites[${index}].name`, say(names.indexOf(names[index]) === index, "each site once")),
  ]);
}

function tlsProblem(tls: unknown): string | undefined {
  if (tls === undefined || tls === true) return undefined;
  if (!isRecord(tls)) return "expected true, or the paths ca, cert and key";
  if ((tls["cert"] === undefined) !== (tls["key"] === undefined)) return "cert and key belong together";
  return folder(tls["ca"]) ?? optional(folder)(tls["cert"]) ?? optional(folder)(tls["key"]);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const problem = (key: string, said: string | undefined) => (said === undefined ? [] : [`${key}: ${said}`]);

const under = (job: Record<string, unknown>, key: string) => {
  const value = job[key];
  return isRecord(value) ? Object.keys(value).map((each) => `${key}.${each}`) : [];
};

function at(job: Record<string, unknown>, key: string): unknown {
  let value: unknown = job;
  for (const part of key.split(".")) value = isRecord(value) ? value[part] : undefined;
  return value;
}
