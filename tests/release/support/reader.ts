// The ledger's reader beside a real server, as a role's container runs it; releases go through their states by the runner's own hand.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { openContext } from "../../../backup/context.ts";
import { databaseOf } from "../../../backup/databases/index.ts";
import { bundleReader } from "../../../release/bundle.ts";
import type { ReleaseJob } from "../../../release/job.ts";
import type { Ledger } from "../../../release/ledger/ledger.ts";
import { readLogin } from "../../../release/login.ts";
import type { ReleaseState } from "../../../release/machine.ts";
import type { ReaderConfig } from "../../../release/reader/config.ts";
import { openLedger } from "../../../release/steps.ts";
import { frappe, makeBench } from "../../backup/support/bench.ts";
import type { DatabaseServer } from "../../backup/support/servers.ts";
import { releaseJobOf } from "./job.ts";

export interface Reading {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when one of both streams matches; fails when the program ends before. */
  readonly says: (pattern: RegExp) => Promise<void>;
}

export interface ReaderSuite {
  readonly job: ReleaseJob;
  readonly program: string;
  /** Where its temporary files go. */
  readonly temporary: string;
  /** A configuration file. */
  readonly config: (changes?: Partial<ReaderConfig>) => string;
  /** As a role of the bench: the web, if no other is named. */
  readonly start: (argv: readonly string[], changes?: Partial<ReaderConfig>, role?: string) => Reading;
  /** As a container does: `argv` is the first process of its own process ids. */
  readonly contain: (argv: readonly string[]) => Reading;
  /** Does something with the ledger, as the runner does. */
  readonly ledger: <Answer>(
    work: (ledger: Ledger) => Promise<Answer>,
    changes?: Partial<ReleaseJob>,
  ) => Promise<Answer>;
  /** Begins a release and takes it through these states, or takes one on from `prepared`. */
  readonly release: (id: string, ...states: readonly ReleaseState[]) => Promise<void>;
  /** The same of a release of code only, from `backed_up`; its trial lasts so many milliseconds. */
  readonly tryOut: (id: string, ms: number, ...states: readonly ReleaseState[]) => Promise<void>;
  /** A statement as the reader. */
  readonly asReader: (sql: string, schema?: string) => Promise<string[][]>;
  /** All that every reader has said. */
  readonly said: () => string;
  readonly close: () => void;
}

const before: readonly ReleaseState[] = ["prepared", "backed_up", "closing", "closed", "sealed", "migrating"];

export function startReaders(server: DatabaseServer): ReaderSuite {
  const bench = makeBench(server, "folder");
  const job = releaseJobOf(bench);
  const { folder } = bench;
  const program = path.join(folder, "reader.cjs");
  writeFileSync(program, bundleReader());
  const temporary = path.join(folder, "tmp");
  mkdirSync(temporary);
  for (const each of [folder, temporary, job.readerFolder]) chownSync(each, frappe.uid, frappe.gid);
  const running = new Set<ChildProcess>();
  process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));
  let count = 0;
  let all = "";
  const config: ReaderSuite["config"] = (changes = {}) => {
    const file = path.join(folder, `ledger-${(count += 1)}.json`);
    const asked: ReaderConfig = {
      release: "r1",
      ledger: job.ledger,
      owner: job.owner,
      database: job.backup.database,
      ...(job.backup.tools !== undefined && { tools: job.backup.tools }),
      loginFolder: job.readerFolder,
      pace: { waiting: 0.2, running: 0.2, grace: 1 },
      ...changes,
    };
    writeFileSync(file, JSON.stringify(asked));
    return file;
  };
  const follow = (argv: readonly [string, ...string[]], file: string, role = "web"): Reading => {
    const [first, ...rest] = argv;
    const child = spawn(first, rest, {
      cwd: "/",
      env: {
        ...{ LEDGER_CONFIG: file, LEDGER_ROLE: role, TMPDIR: temporary },
        PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        said[stream] += text;
        all += text;
      });
    }
    const ended = once(child, "close").then(([code, signal]) => {
      running.delete(child);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    const says = async (pattern: RegExp) => {
      for (;;) {
        if (pattern.test(`${said.stdout}${said.stderr}`)) return;
        if (!running.has(child)) throw new Error(`ended before ${String(pattern)}: ${said.stdout}${said.stderr}`);
        await pause();
      }
    };
    return { child, ended, says, stdout: () => said.stdout, stderr: () => said.stderr };
  };
  const user = ["setpriv", `--reuid=${frappe.uid}`, `--regid=${frappe.gid}`, "--clear-groups"] as const;
  const inContext = async <Answer>(work: (context: ReturnType<typeof openContext>) => Promise<Answer>) => {
    const context = openContext(job.backup);
    try {
      return await work(context);
    } finally {
      context.close();
    }
  };
  const ledger: ReaderSuite["ledger"] = (work, changes = {}) =>
    inContext(async (context) => work(await openLedger(context, { ...job, ...changes })));
  const take = (id: string, begin: readonly ReleaseState[], states: readonly ReleaseState[], deadline?: number) =>
    ledger(async (open) => {
      const hold = await open.take("tests", 60);
      const stands = (await open.release(id))?.state;
      if (stands === undefined) await open.begin(hold, { id, from: "", facts: { note: "é" } }, ["a.test", "b.test"]);
      const way = stands === undefined ? [...begin, ...states] : [stands, ...states];
      for (const [index, to] of way.slice(1).entries()) {
        const times = to === "trial" && deadline !== undefined ? { deadline } : {};
        await open.move(hold, id, [way[index] ?? to, to], { times });
      }
    });
  return {
    job,
    program,
    temporary,
    config,
    ledger,
    start: (argv, changes, role) => follow([...user, process.execPath, program, ...argv], config(changes), role),
    contain: (argv) =>
      follow(["unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", ...user, ...argv], config()),
    release: (id, ...states) => take(id, before, states),
    tryOut: (id, ms, ...states) => take(id, ["prepared", "backed_up", "trial"], states, ms),
    asReader: (sql, schema = job.ledger) =>
      inContext((context) => databaseOf(context).query(context, readLogin(job.readerFolder, schema), sql)),
    said: () => all,
    close: () => {
      for (const child of running) child.kill("SIGKILL");
      bench.close();
    },
  };
}

/** A guard that says why it waits, and ends when it is told to. */
export async function guardSays(suite: ReaderSuite, pattern: RegExp): Promise<Reading> {
  const reading = suite.start(["guard"]);
  await reading.says(pattern);
  reading.child.kill("SIGTERM");
  assert.equal((await reading.ended).code, 143);
  return reading;
}

export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/** A file of every process there is now. */
const ofEach = (name: string): readonly string[] =>
  readdirSync("/proc").flatMap((entry) => {
    try {
      return /^\d+$/.test(entry) ? [readFileSync(`/proc/${entry}/${name}`, "utf8")] : [];
    } catch {
      // Gone in the meantime.
      return [];
    }
  });

/** What every process is called with. */
export const commandLines = (): readonly string[] => ofEach("cmdline");

/** The process groups that have a process which lives. */
export const commandGroups = (): readonly number[] =>
  ofEach("stat").flatMap((line) => {
    const [state, , group] = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? [] : [Number(group)];
  });

export interface Line {
  readonly port: number;
  /** Ends every connection and takes no more; `undefined` joins again. */
  readonly cut: () => Promise<void>;
  readonly join: () => Promise<void>;
}

/** A line to a server that can be cut; to none, it takes connections and says nothing. */
export async function startLine(to: number | undefined): Promise<Line> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const ends = to === undefined ? [socket] : [socket, connect(to, "127.0.0.1")];
    for (const [index, end] of ends.entries()) {
      sockets.add(end);
      end.on("close", () => sockets.delete(end)).on("error", () => end.destroy());
      const other = ends[1 - index];
      if (other !== undefined) end.pipe(other);
    }
  });
  const join = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await join(0);
  const { port } = server.address() as { port: number };
  return {
    port,
    join: () => join(port),
    cut: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
