/** What the ledger's reader is told: the shape of its configuration file. Nothing in it is secret. */
import { readFileSync } from "node:fs";
import type { BackupJob } from "../../backup/job.ts";
import { type Guarded, guardedRoles } from "../../constants/ledger.ts";

/** How often is asked, in seconds. */
export interface Pace {
  /** While a role waits for its turn. @default 5 */
  readonly waiting: number;
  /** While its child runs. @default 10 */
  readonly running: number;
  /** What a child has to end by itself. @default 20 */
  readonly grace: number;
  /** For one question, so that a server that has stopped in its tracks holds nobody for good. @default 30 */
  readonly patience: number;
}

export interface ReaderConfig extends Pick<BackupJob, "database" | "tools" | "libraries"> {
  /** The release that asks. */
  readonly release: string;
  /** Name of the ledger's database. */
  readonly ledger: string;
  /** The stack's lasting identity: another stack's ledger is none of ours. */
  readonly owner: string;
  /** Folder with the files `username` and `password` of the read-only user. */
  readonly loginFolder: string;
  readonly pace?: Partial<Pace>;
}

/** What a guard is told beside: on whose behalf it asks. */
export interface GuardConfig extends ReaderConfig {
  readonly role: Guarded;
}

const usual: Pace = { waiting: 5, running: 10, grace: 20, patience: 30 };

export const paceOf = ({ pace }: ReaderConfig): Pace => ({ ...usual, ...pace });

const words = ["release", "ledger", "owner", "loginFolder"] as const;

/** @throws when it lacks something that every question needs */
export function readConfig(file: string | undefined): ReaderConfig {
  if (file === undefined) throw new Error("LEDGER_CONFIG is not set: it names the configuration file");
  const config = JSON.parse(readFileSync(file, "utf8")) as Partial<ReaderConfig>;
  const missing = words.filter((word) => typeof config[word] !== "string" || config[word] === "");
  const { engine } = config.database ?? {};
  const problems = [...missing, ...(engine === "mariadb" || engine === "postgres" ? [] : ["database.engine"])];
  if (problems.length > 0) throw new Error(`${file} lacks ${problems.join(", ")}`);
  return config as ReaderConfig;
}

/** @throws as `readConfig`; or when the role is none */
export function readGuardConfig(file: string | undefined, word: string | undefined): GuardConfig {
  const role = guardedRoles.find((each) => each === word);
  if (role === undefined) throw new Error(`LEDGER_ROLE: expected ${guardedRoles.join(", ")}, got ${word ?? "nothing"}`);
  return { ...readConfig(file), role };
}
