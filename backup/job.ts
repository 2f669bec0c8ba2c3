/** What a backup program is told: the shape of its configuration file. Types only; nothing in it is secret. */

export interface BackupSite {
  /** The site's host name, which is also the name of its folder. */
  readonly name: string;
  /** Name of its database. */
  readonly schema: string;
  /** An active site without a folder is a failure; an archived one without is left out. */
  readonly state: "active" | "archived";
}

export interface BackupDatabase {
  readonly engine: "mariadb" | "postgres";
  readonly host: string;
  readonly port: number;
  /** `true`: encrypted, the server's name not proven. Files (PEM): the server's certificate is checked against `ca`. */
  readonly tls?: true | { readonly ca: string; readonly cert?: string; readonly key?: string };
}

/** How many verified snapshots of a site stay; each rule keeps its own, together they keep the union. */
export interface BackupRetention {
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

export interface BackupJob {
  /** Names the bench in the repository (restic's host); one repository serves one bench. */
  readonly bench: string;
  readonly sitesFolder: string;
  readonly sites: readonly BackupSite[];
  readonly database: BackupDatabase;
  /** `s3:https://host/bucket/prefix`, or a folder. */
  readonly repository: string;
  readonly region?: string;
  /** File with the repository's password. */
  readonly passwordFile: string;
  /** File in the format of AWS shared credentials. */
  readonly s3CredentialsFile?: string;
  /** A folder of its own, emptied by each run; as large as the largest dump. */
  readonly scratch: string;
  /** What scratch may hold, in bytes, where the file system does not say it (the limit of an emptyDir). */
  readonly scratchBytes?: number;
  /** restic's cache. @default "<scratch>/cache" */
  readonly cache?: string;
  readonly retention: BackupRetention;
  /** Share of the repository's data that each run reads again, in percent (1–100). */
  readonly readDataPercent: number;
  /** For a whole run, in seconds. */
  readonly timeLimit: number;
  /** For a whole restore, in seconds. @default timeLimit */
  readonly restoreTimeLimit?: number;
  /** Folder that is put first on PATH. */
  readonly tools?: string;
  /** LD_LIBRARY_PATH of the Postgres programs. */
  readonly libraries?: string;
  /** Command that flushes a site's cache after a restore; `{site}` stands for its name. */
  readonly clearCache?: readonly string[];
  /** How long web processes may go on with the site's old flags (Frappe 16 keeps them 60 s). @default 60 */
  readonly settleSeconds?: number;
  /** Names the apps that run: a restore of another release's snapshot says so. */
  readonly release?: string;
  /** Port of the exporter's `/metrics`. */
  readonly metricsPort?: number;
  /** How often the exporter asks the repository, in seconds. @default 300 */
  readonly refreshSeconds?: number;
}
