// The fixture bench as the release runner finds it: its configuration, its administrator, its sites' credentials, and a way to call a verb.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSync } from "esbuild";
import { environment } from "../../../engine/environment.ts";
import { root } from "../../../engine/root.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../../../release/job.ts";
import { clientsOf } from "../../support/tools.ts";
import { type FixtureBench, rootPassword, startBench } from "../../fixtures/bench/support/bench.ts";
import type { Order } from "./sites-driver.ts";

const frappe = { uid: 1000, gid: 1000 };

/** Every character that a shell, an option file, a statement or a format could stumble over. */
const odd = () => `k${randomBytes(6).toString("hex")} "'\\$%#;`;

export interface Outcome {
  readonly code: number | null;
  readonly result: unknown;
  /** What it ended with, where it failed. */
  readonly problem: string;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly output: string;
}

export interface SitesBench {
  readonly bench: FixtureBench;
  readonly job: ReleaseJob;
  /** Secrets that must be seen nowhere. */
  readonly secrets: () => readonly string[];
  /** Declares a site, with credentials of its own. */
  readonly declare: (name: string, changes?: Partial<ReleaseSiteSpec>) => ReleaseSiteSpec;
  readonly passwordOf: (site: string) => string;
  readonly adminPasswordOf: (site: string) => string;
  /** Runs a verb to its end. */
  readonly run: (verb: Order["verb"], site: ReleaseSiteSpec, more?: Partial<Order>) => Promise<Outcome>;
  /** Starts one; `kill` ends it with all its children, as a container ends. */
  readonly start: (
    verb: Order["verb"],
    site: ReleaseSiteSpec,
    more?: Partial<Order>,
  ) => { child: ChildProcess; ended: Promise<Outcome>; kill: () => void };
  /** Makes another user of the server the administrator meanwhile. */
  readonly asAdministrator: (user: string, password: string, work: () => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) killFirst(child);
});

function bundleDriver(file: string): void {
  buildSync({
    entryPoints: [path.join(root, "tests/release/support/sites-driver.ts")],
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    outfile: file,
  });
}

/** @param engine of the bench's database server; `server` starts one that is not like all others. */
export async function startSitesBench(
  engine: FixtureBench["server"]["engine"],
  server?: () => Promise<FixtureBench["server"]>,
): Promise<SitesBench> {
  const bench = await startBench(engine, "one", server);
  const folder = mkdtempSync(path.join(tmpdir(), "release-sites-"));
  chmodSync(folder, 0o755);
  const own = (name: string, content: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    chownSync(file, frappe.uid, frappe.gid);
    return file;
  };
  for (const each of ["admin", "reader", "scratch", "backups"]) {
    mkdirSync(path.join(folder, each));
    chownSync(path.join(folder, each), frappe.uid, frappe.gid);
  }
  own("admin/username", engine === "mariadb" ? "root" : "postgres");
  own("admin/password", rootPassword);
  own("reader/username", "releases_fixture");
  const readerPassword = odd();
  own("reader/password", readerPassword);
  const driver = path.join(folder, "driver.cjs");
  bundleDriver(driver);
  const credentials: Record<string, Record<string, string>> = {};
  const sites: ReleaseSiteSpec[] = [];
  const sitesFile = path.join(folder, "sites.json");
  const job: ReleaseJob = {
    owner: "stack-one",
    release: {
      id: "r1",
      attempt: 1,
      image: "fixture",
      apps: ["frappe", "erpnext"].map((name) => ({ name, version: "15.900.1" })),
      strategy: "blueGreen",
    },
    sites,
    bench: { id: "fixture", folder: bench.folder, queues: ["short", "default", "long"] },
    ledger: "releases_fixture",
    adminFolder: path.join(folder, "admin"),
    readerFolder: path.join(folder, "reader"),
    sitesFile,
    endpoints: { serving: "", web: "", socketio: [], nginx: "" },
    limits: { drain: 10, migrate: 60, createSite: 60, hold: 60, verify: 30, whole: 600 },
    backup: {
      bench: "fixture",
      sitesFolder: path.join(bench.folder, "sites"),
      sites: [],
      database: { engine, host: "127.0.0.1", port: bench.server.port },
      ...clientsOf(engine),
      repository: path.join(folder, "backups"),
      passwordFile: path.join(folder, "none"),
      scratch: path.join(folder, "scratch"),
      retention: { last: 1, daily: 0, weekly: 0, monthly: 0 },
      readDataPercent: 100,
      timeLimit: 150,
    },
  };
  let count = 0;
  const start: SitesBench["start"] = (verb, site, more = {}) => {
    const order = own(`order-${(count += 1)}.json`, JSON.stringify({ job, verb, site, ...more }));
    const addresses = {
      FRAPPE_DB_HOST: "127.0.0.1",
      FRAPPE_DB_PORT: String(bench.server.port),
      FRAPPE_REDIS_CACHE: `redis://127.0.0.1:${bench.cache.port}`,
      FRAPPE_REDIS_QUEUE: `redis://127.0.0.1:${bench.redis.port}`,
    };
    // Process ids of its own, as a container has: with the first process, all go.
    const namespace = ["--pid", "--fork", "--mount-proc"];
    const user = ["setpriv", `--reuid=${frappe.uid}`, `--regid=${frappe.gid}`, "--clear-groups"];
    const child = spawn("unshare", [...namespace, ...user, process.execPath, driver, order], {
      cwd: "/",
      env: {
        ...addresses,
        HOME: "/tmp",
        PATH: `${path.resolve(bench.folder, "../../../usr/local/bin")}:${environment.path()}`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return { child, ended: outcomeOf(child), kill: () => killFirst(child) };
  };
  return {
    bench,
    job,
    start,
    run: (verb, site, more) => start(verb, site, more).ended,
    secrets: () => [rootPassword, readerPassword, ...Object.values(credentials).flatMap((each) => Object.values(each))],
    passwordOf: (site) => credentials[site]?.["databasePassword"] ?? "",
    adminPasswordOf: (site) => credentials[site]?.["adminPassword"] ?? "",
    declare: (name, changes = {}) => {
      const site: ReleaseSiteSpec = {
        name,
        domains: [name],
        apps: ["frappe", "erpnext"],
        schema: `db_${name.replaceAll(/\W/g, "_")}`,
        state: "active",
        settings: { sessionExpiry: "12:00", denyMultipleSessions: true },
        ...changes,
      };
      sites.push(site);
      const encryptionKey = randomBytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
      credentials[name] = { adminPassword: odd(), databasePassword: odd(), encryptionKey };
      own("sites.json", JSON.stringify(credentials));
      return site;
    },
    asAdministrator: async (user, password, work) => {
      const become = (name: string, word: string) => {
        own("admin/username", name);
        own("admin/password", word);
      };
      become(user, password);
      await work();
      become(engine === "mariadb" ? "root" : "postgres", rootPassword);
    },
    close: async () => {
      await bench.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ends the first process of the namespace, which is the one child of `unshare`; nothing where it has ended by itself. */
export const killFirst = (child: ChildProcess): void => signalFirst(child, "SIGKILL");

/** Sends it a signal from outside, as a container's end does. */
export function signalFirst({ pid, exitCode }: ChildProcess, signal: NodeJS.Signals): void {
  const children = `/proc/${pid}/task/${pid}/children`;
  if (exitCode !== null || !existsSync(children)) return;
  const [first] = readFileSync(children, "utf8").trim().split(" ");
  if (first !== undefined && first !== "") process.kill(Number(first), signal);
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  const lines = output.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as object] : []));
  const last: { result?: unknown; problem?: string } = lines.at(-1) ?? {};
  return {
    code,
    result: last.result,
    problem: last.problem ?? "",
    events: lines.filter((line) => "event" in line),
    output,
  };
}
