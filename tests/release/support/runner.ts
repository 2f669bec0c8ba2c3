// The release runner's own bundle, run beside a fixture bench as its Job runs it, with a web that serves meanwhile.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bundleReader, bundleRelease } from "../../../release/bundle.ts";
import { environment } from "../../../engine/environment.ts";
import type { ReleaseJob } from "../../../release/job.ts";
import type { ReaderConfig } from "../../../release/reader/config.ts";
import type { Step } from "../../../release/steps.ts";
import type { ListedRelease } from "../../../operate/ledger-reader.ts";
import { startWeb, type Web } from "../../fixtures/bench/support/web.ts";
import { layRepository } from "../../backup/support/repository.ts";
import { killFirst, type SitesBench, startSitesBench } from "./sites.ts";

const frappe = { uid: 1000, gid: 1000 };

export interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

export interface More {
  /** A place at which it dies. */
  readonly kill?: string;
  /** A place at which it stands still, until whoever has begun it ends it. */
  readonly stop?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Further words of its command. */
  readonly words?: readonly string[];
  /** What its configuration has otherwise. */
  readonly change?: (job: ReleaseJob) => ReleaseJob;
}

export interface Begun {
  readonly ended: Promise<Ran>;
  readonly said: () => string;
  /** `unshare`, whose one child is the first process of the namespace. */
  readonly child: ChildProcess;
}

export interface Runner extends SitesBench {
  readonly web: Web;
  /** The next `up` is one of this release. */
  release: (id: string, changes?: Partial<ReleaseJob["release"]>) => void;
  /** Starts a step; `said` is what it has written so far, `ended` its end. */
  begin: (step: Step, more?: More) => Begun;
  /** Runs a step to its end; `kill` names a place at which it dies. */
  step: (step: Step, more?: More) => Promise<Ran>;
  /** Every step in order, as the engine runs them, until one fails; `migrate` goes on holding while the next ones run. */
  up: (more?: More) => Promise<{ failed?: Step; ran: Ran; held?: Ran }>;
  /** Asks the ledger, by its reader. */
  read: () => Promise<Ran>;
  ledger: () => Promise<readonly ListedRelease[]>;
  /** Rows of each of a site's tables, as text. */
  content: (site: string) => Record<string, string>;
  /** All that every step has said. */
  said: () => string;
}

const repositoryPassword = "of the repository";

export interface RunnerSetting {
  /** One laid in a folder, whose key costs nothing, or a folder in which the program makes its own. @default "laid" */
  readonly repository?: "laid" | "made";
  readonly server?: Parameters<typeof startSitesBench>[1];
}

export async function startRunner(
  engine: "mariadb" | "postgres",
  { repository = "laid", server }: RunnerSetting = {},
): Promise<Runner> {
  const sites = await startSitesBench(engine, server);
  const { bench } = sites;
  const web = await startWeb(bench);
  const base = `http://127.0.0.1:${web.port}`;
  const folder = path.dirname(sites.job.sitesFile);
  const own = (name: string, content: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    chownSync(file, frappe.uid, frappe.gid);
    return file;
  };
  const repositories = path.join(folder, "repositories");
  mkdirSync(repositories, { mode: 0o755 });
  if (repository === "laid") layRepository(path.join(repositories, "backups"), repositoryPassword);
  execFileSync("chown", ["--recursive", `${frappe.uid}:${frappe.gid}`, repositories]);
  const programs = { runner: own("release.cjs", bundleRelease()), reader: own("reader.cjs", bundleReader()) };
  for (const each of Object.values(programs)) chmodSync(each, 0o644);
  let release = sites.job.release;
  let count = 0;
  let all = "";
  const children = new Set<ChildProcess>();
  process.once("exit", () => children.forEach(killFirst));
  const start = (
    step: Step | "ledger",
    { kill, stop = kill, env = {}, words: further = [], change = (same) => same }: More = {},
  ) => {
    const job = change({
      ...sites.job,
      release,
      endpoints: { serving: base, web: base, nginx: base, socketio: [] },
      limits: { drain: 20, migrate: 60, createSite: 90, hold: 60, verify: 20, whole: 300 },
      backup: {
        ...sites.job.backup,
        // As in a pod: the next step may begin before this one has ended, and each empties its own.
        scratch: path.join(sites.job.backup.scratch, String(count + 1)),
        sites: sites.job.sites.map(({ name, schema, state }) => ({ name, schema, state })),
        repository: path.join(repositories, "backups"),
        passwordFile: own("repository-password", repositoryPassword),
        release: release.id,
        clearCache: ["bench", "--site", "{site}", "clear-cache"],
      },
    });
    const config = own(`release-${(count += 1)}.json`, JSON.stringify(job));
    const user = ["setpriv", `--reuid=${frappe.uid}`, `--regid=${frappe.gid}`, "--clear-groups"];
    const namespace = ["--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"];
    const words =
      step === "ledger" ? [programs.reader, "ledger", "--json"] : [programs.runner, step, "--by", "tests", ...further];
    const reader: ReaderConfig = {
      release: release.id,
      ledger: job.ledger,
      owner: job.owner,
      database: job.backup.database,
      ...(job.backup.tools !== undefined && { tools: job.backup.tools }),
      loginFolder: job.readerFolder,
    };
    const child = spawn("unshare", [...namespace, ...user, process.execPath, ...words], {
      cwd: bench.folder,
      env: {
        RELEASE_CONFIG: config,
        LEDGER_CONFIG: own(`ledger-${count}.json`, JSON.stringify(reader)),
        ...(stop !== undefined && { RELEASE_STOP_AT: stop }),
        FRAPPE_DB_HOST: "127.0.0.1",
        FRAPPE_DB_PORT: String(bench.server.port),
        FRAPPE_REDIS_CACHE: `redis://127.0.0.1:${bench.cache.port}`,
        FRAPPE_REDIS_QUEUE: `redis://127.0.0.1:${bench.redis.port}`,
        HOME: "/tmp",
        PATH: `${path.resolve(bench.folder, "../../../usr/local/bin")}:${environment.path()}`,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => ((output += text), (all += text)));
    }
    const ended = once(child, "close").then(([code]): Ran => {
      children.delete(child);
      const lines = output.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as object] : []));
      return { code: code as number | null, output, events: lines.filter((line) => "event" in line) };
    });
    // From outside, as a container is killed: the first process of its namespace is deaf to itself.
    if (kill !== undefined) {
      const isOver = () => child.exitCode !== null || child.signalCode !== null;
      void until(() => output.includes('"event":"stopped"') || isOver()).then(() => killFirst(child));
    }
    return { ended, said: () => output, child };
  };
  const step: Runner["step"] = (which, more) => start(which, more).ended;
  return {
    ...sites,
    web,
    step,
    begin: start,
    release: (id, changes = {}) => void (release = { ...sites.job.release, ...changes, id }),
    up: async (more) => {
      for (const each of ["prepare", "backup"] as const) {
        const ran = await step(each, more);
        if (ran.code !== 0) return { failed: each, ran };
      }
      const holding = start("migrate", more);
      let over = false;
      const ended = holding.ended.finally(() => (over = true));
      const held = await Promise.race([ended, until(() => over || /"event":"held"/.test(holding.said()))]);
      if (held !== undefined && held.code !== 0) return { failed: "migrate", ran: held };
      const verified = await step("verify", more);
      const end = await holding.ended;
      if (verified.code !== 0) return { failed: "verify", ran: verified, held: end };
      const ran = await step("confirm", more);
      return { ...(ran.code !== 0 && { failed: "confirm" as const }), ran, held: end };
    },
    content: (site) => {
      const list = { mariadb: "SHOW TABLES", postgres: "SELECT tablename FROM pg_tables WHERE schemaname = 'public'" };
      const tables = bench.sql(site, list[engine]).split("\n").sort();
      return Object.fromEntries(
        tables.map((table) => [table, bench.sql(site, `SELECT * FROM \`${table}\` ORDER BY 1`)]),
      );
    },
    said: () => all,
    read: () => start("ledger").ended,
    ledger: async () => {
      const { code, output } = await start("ledger").ended;
      if (code !== 0) throw new Error(output);
      return (JSON.parse(output.trim()) as { releases: ListedRelease[] }).releases;
    },
  };
}

/** Resolves, with nothing, when it holds. */
async function until(holds: () => boolean): Promise<undefined> {
  while (!holds()) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return undefined;
}
