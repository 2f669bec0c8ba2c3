// A bench as the backup program finds it: sites on a volume, their databases, and its configuration file.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundleBackup } from "../../../backup/bundle.ts";
import type { BackupJob } from "../../../backup/job.ts";
import { clientsOf, requireTools } from "../../support/tools.ts";
import { contentOf } from "./content.ts";
import { layRepository } from "./repository.ts";
import type { DatabaseServer } from "./servers.ts";

/** The user of the bench image; it has no name on this machine, as in the pod. */
export const frappe = { uid: 1000, gid: 1000 };

/** The programs at work: SIGTERM makes one end what it has started. None outlives the test run. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

export interface Outcome {
  readonly code: number | null;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** Both streams. */
  readonly output: string;
}

export interface Bench {
  readonly folder: string;
  readonly server: DatabaseServer;
  /** Every secret that must never be seen. */
  readonly canaries: readonly string[];
  readonly job: BackupJob;
  /** Makes a site with a database of its own, filled, and files. */
  addSite: (name: string, options?: { empty?: boolean }) => void;
  siteFile: (site: string, name: string) => string;
  config: (site: string) => Record<string, unknown>;
  /** Runs the program to its end, as the image's user. */
  run: (argv: readonly string[], changes?: Partial<BackupJob>) => Promise<Outcome>;
  /** Starts it; `ended` resolves when it is gone. */
  start: (argv: readonly string[], changes?: Partial<BackupJob>) => { child: ChildProcess; ended: Promise<Outcome> };
  /** Runs restic on the bench's repository. */
  restic: (...args: string[]) => Promise<Outcome>;
  /** Digests of a site's rows, by table, and of its files, by path. */
  rows: (site: string) => Record<string, string>;
  files: (site: string) => Record<string, string>;
  close: () => void;
}

export const databaseName = (site: string): string => `_${createHash("sha1").update(site).digest("hex").slice(0, 16)}`;

/** @param repository one laid in a folder, a folder in which the program makes it, or the port of an S3 store where it does. */
export function makeBench(server: DatabaseServer, repository: "laid" | "folder" | number): Bench {
  requireTools("restic");
  const folder = mkdtempSync(path.join(tmpdir(), "bench-"));
  const canaries: string[] = [];
  // Every character that an option file, a password file or a shell could stumble over.
  const canary = () => {
    const word = `k${randomBytes(6).toString("hex")}#"'\\:;$( %é`;
    canaries.push(word);
    return word;
  };
  const sitesFolder = path.join(folder, "sites");
  const backups = path.join(folder, "backups");
  for (const each of [sitesFolder, backups, path.join(folder, "scratch")]) mkdirSync(each);
  const passwordFile = path.join(folder, "password");
  const repositoryPassword = canary();
  writeFileSync(passwordFile, repositoryPassword, { mode: 0o600 });
  if (repository === "laid") layRepository(path.join(backups, "repository"), repositoryPassword);
  const s3CredentialsFile = path.join(folder, "s3-credentials");
  const secretKey = randomBytes(15).toString("hex");
  canaries.push(secretKey);
  writeFileSync(s3CredentialsFile, `[default]\naws_access_key_id = AKIATEST\naws_secret_access_key = ${secretKey}\n`, {
    mode: 0o600,
  });
  const program = path.join(folder, "backup.js");
  writeFileSync(program, bundleBackup());
  const sites: BackupJob["sites"][number][] = [];
  const job: BackupJob = {
    bench: "frappe-test",
    sitesFolder,
    sites,
    database: { engine: server.engine, host: "127.0.0.1", port: server.port },
    ...clientsOf(server.engine),
    ...(typeof repository === "string"
      ? { repository: path.join(backups, "repository") }
      : {
          repository: `s3:http://127.0.0.1:${repository}/backups/${path.basename(folder).toLowerCase()}`,
          region: "eu-central-1",
          s3CredentialsFile,
        }),
    passwordFile,
    scratch: path.join(folder, "scratch"),
    retention: { last: 2, daily: 0, weekly: 0, monthly: 0 },
    readDataPercent: 100,
    timeLimit: 150,
    settleSeconds: 0,
  };
  const siteFile = (site: string, name: string) => path.join(sitesFolder, site, name);
  const own = () => chownTree(folder);
  let count = 0;
  const start: Bench["start"] = (argv, changes = {}) => {
    const file = path.join(folder, `job-${++count}.json`);
    writeFileSync(file, JSON.stringify({ ...job, ...changes }));
    own();
    const child = spawn(process.execPath, [program, ...argv], {
      ...frappe,
      cwd: "/",
      env: { BACKUP_CONFIG: file, PATH: "/usr/bin:/bin" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return { child, ended: outcomeOf(child) };
  };
  const bench: Bench = {
    folder,
    server,
    canaries,
    job,
    siteFile,
    start,
    run: (argv, changes) => start(argv, changes).ended,
    config: (site) => JSON.parse(readFileSync(siteFile(site, "site_config.json"), "utf8")) as Record<string, unknown>,
    addSite: (name, { empty = false } = {}) => {
      const schema = databaseName(name);
      const password = canary();
      const key = canary();
      sites.push({ name, schema, state: "active" });
      contentOf[server.engine].make(server, schema, password, empty);
      const database = { db_name: schema, db_password: password, db_type: server.engine, encryption_key: key };
      writeSite(path.join(sitesFolder, name), database, name);
    },
    restic: (...args) => {
      const env = {
        PATH: "/usr/bin:/bin",
        HOME: folder,
        AWS_SHARED_CREDENTIALS_FILE: s3CredentialsFile,
        AWS_DEFAULT_REGION: "eu-central-1",
      };
      const argv = [
        "--repo",
        job.repository,
        "--password-file",
        passwordFile,
        "--cache-dir",
        path.join(folder, "cache"),
        ...args,
      ];
      own();
      return outcomeOf(spawn("restic", argv, { ...frappe, cwd: "/", env, stdio: ["ignore", "pipe", "pipe"] }));
    },
    rows: (site) => contentOf[server.engine].digests(server, databaseName(site)),
    files: (site) => ({ ...digestsOf(siteFile(site, "public/files")), ...digestsOf(siteFile(site, "private/files")) }),
    close: () => {
      for (const { name } of sites) contentOf[server.engine].drop(server, databaseName(name));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

function writeSite(folder: string, config: object, name: string): void {
  for (const each of ["public/files/deep", "private/files", "private/backups"]) {
    mkdirSync(path.join(folder, each), { recursive: true });
  }
  writeFileSync(path.join(folder, "site_config.json"), JSON.stringify(config), { mode: 0o640 });
  const files = {
    "public/files/naïve café \u{1F600}.txt": `of ${name}`,
    "public/files/deep/[x] *.bin": randomBytes(200_000),
    "public/files/empty": "",
    "private/files/contract 'a'.pdf": randomBytes(50_000),
    "private/backups/old.sql.gz": "not to be backed up",
  };
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(folder, file), content);
}

/** All of a folder to the image's user, as a volume with fsGroup is. */
function chownTree(folder: string): void {
  chownSync(folder, frappe.uid, frappe.gid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) chownTree(at);
    else if (entry.isFile()) chownSync(at, frappe.uid, frappe.gid);
  }
}

function digestsOf(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = files.map((each) => path.join(each.parentPath, each.name)).sort();
  return Object.fromEntries(paths.map((file) => [file, createHash("sha256").update(readFileSync(file)).digest("hex")]));
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  const lines = stdout.split("\n").filter((line) => line.startsWith('{"time"'));
  const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, events, output: stdout + stderr };
}
