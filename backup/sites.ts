/** The sites of a bench as they stand on the volume, and their configuration files. */
import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { siteName } from "./config.ts";
import type { BackupJob } from "./job.ts";
import { conceal } from "./log.ts";

export type SiteConfig = Readonly<Record<string, unknown>>;

/** What belongs to a site beside its database, relative to its folder. */
export const fileFolders = ["public/files", "private/files"] as const;

export const siteFolder = (job: BackupJob, site: string): string => path.join(job.sitesFolder, site);
const configFile = (job: BackupJob, site: string) => path.join(siteFolder(job, site), "site_config.json");

/**
 * Every site to back up, sorted: each folder with a site_config.json, and each declared active site even without one (which
 * is then its failure). An archived site without a folder has nothing left to back up.
 */
export function sitesOf(job: BackupJob): string[] {
  const standing = readdirSync(job.sitesFolder).filter((name) => existsSync(configFile(job, name)));
  const active = job.sites.filter(({ state }) => state === "active").map(({ name }) => name);
  return [...new Set([...standing, ...active])].sort();
}

/** Reads a site's site_config.json; its secrets are concealed from then on. */
export function readSiteConfig(job: BackupJob, site: string): SiteConfig {
  if (!siteName.test(site)) throw new Error(`the folder ${JSON.stringify(site)} is not named like a site`);
  const file = configFile(job, site);
  if (!existsSync(file)) throw new Error(`it has no site_config.json in ${siteFolder(job, site)}`);
  return parseConfig(readFileSync(file, "utf8"), file);
}

/** Parses a site_config.json; its secrets are concealed from then on. */
export function parseConfig(text: string, file: string): SiteConfig {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // The parser's own words would quote the file, which holds secrets.
    throw new Error(`${file} is not JSON`);
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) throw new Error(`${file} is no object`);
  for (const [key, value] of Object.entries(config)) {
    if (/password|secret|token|_key$/.test(key) && typeof value === "string") conceal(value);
  }
  return config as SiteConfig;
}

/** Changes keys of a site_config.json in one step, as a reader sees it; `undefined` takes a key away. */
export function changeSiteConfig(job: BackupJob, site: string, changes: Readonly<Record<string, unknown>>): void {
  const file = configFile(job, site);
  const config = { ...readSiteConfig(job, site), ...changes };
  const { mode } = lstatSync(file);
  writeAtomically(file, `${JSON.stringify(config, undefined, 1)}\n`, mode & 0o777);
}

/** Writes a file beside its place and moves it there: whoever reads it sees the old or the new one, and of two writers one wins. */
export function writeAtomically(file: string, content: string, mode = 0o600): void {
  const beside = `${file}.${randomBytes(4).toString("hex")}.new`;
  writeFileSync(beside, content, { mode, flush: true });
  renameSync(beside, file);
}
