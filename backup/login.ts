/** How to log in to a site's database, also while a restore keeps everybody else out. */
import type { BackupJob } from "./job.ts";
import { closedPassword, readRecord } from "./restore/record.ts";
import { readSiteConfig } from "./sites.ts";

/** Whom a site's database knows it as. */
export interface Login {
  readonly schema: string;
  readonly user: string;
  readonly password: string;
}

/** Reads a site's login; refuses what contradicts the declaration. */
export function loginOf(job: BackupJob, site: string): Login {
  const config = readSiteConfig(job, site);
  const word = (key: string) => {
    const value = config[key];
    if (typeof value === "string" && value !== "" && !/[\0\r\n]/.test(value)) return value;
    throw new Error(`its site_config.json has no usable ${key}`);
  };
  const schema = word("db_name");
  const declared = job.sites.find(({ name }) => name === site)?.schema ?? schema;
  if (declared !== schema) {
    throw new Error(`its site_config.json names the database ${schema}, declared is ${declared}`);
  }
  const engine = config["db_type"] ?? job.database.engine;
  if (engine !== job.database.engine) {
    throw new Error(`its site_config.json has db_type ${JSON.stringify(engine)}, the bench has ${job.database.engine}`);
  }
  const password = openPassword(job, site, word("db_password"));
  return { schema, user: "db_user" in config ? word("db_user") : schema, password };
}

/** A restore that is under way keeps the real password in its record. */
function openPassword(job: BackupJob, site: string, written: string): string {
  if (written !== closedPassword) return written;
  const record = readRecord(job, site);
  if (record !== undefined) return record.password;
  throw new Error(
    "a restore took its db_password away, and restore.json is gone: write the real one into site_config.json",
  );
}
