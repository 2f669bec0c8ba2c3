/** Mocha in processes of their own, its results read from the file that the reporter writes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { quickest } from "./quickest.ts";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { environment } from "../../engine/environment.ts";
import { add, type Counts, none, type Results, table } from "./reporter.ts";

export const repository = path.resolve(import.meta.dirname, "../..");
export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Test files that share one process. */
export interface Job {
  readonly name: string;
  /** Paths or patterns, from the repository's root. */
  readonly files: readonly string[];
}

export interface Outcome {
  readonly job: Job;
  /** Undefined where Mocha ended before its end. */
  readonly results: Results | undefined;
  readonly counts: Counts;
  readonly seconds: number;
  /** Why the job counts as failed though no test did. */
  readonly trouble: string | undefined;
}

/** Minutes, on however busy a machine: a job that takes longer hangs. */
const usualLimit = 20;
const graceMs = 5_000;
/** A killed process whose disk is busy takes its time. */
const endingMs = 30_000;
const running = new Set<ChildProcess>();

/** Runs a job to its end, and shows its output in one piece then, or as it comes where it is alone (`live`). */
export async function runJob(
  job: Job,
  { live = false, options = [] as readonly string[], minutes = usualLimit } = {},
): Promise<Outcome> {
  // A place for temporary files that no other job sees; servers go through it as users of their own.
  const scratch = mkdtempSync(path.join(live ? tmpdir() : quickest(), "frappe-tests-"));
  const [file, log, temporary] = [`${scratch}/results.json`, `${scratch}/log`, `${scratch}/tmp`];
  mkdirSync(temporary);
  chmodSync(scratch, 0o711);
  chmodSync(temporary, 0o1777);
  // A test that is skipped fails in CI: what it lacks must be installed by the tests themselves.
  const strict = environment.isCi() ? ["--forbid-only", "--forbid-pending"] : ["--forbid-only"];
  const argv = [...strict, "--reporter-option", `results=${file}`, ...options, ...job.files];
  const output = live ? "inherit" : openSync(log, "w");
  const started = performance.now();
  const child = spawn(process.execPath, [path.join(repository, "node_modules/mocha/bin/mocha.js"), ...argv], {
    cwd: repository,
    env: environment.forChild({ TMPDIR: temporary }),
    stdio: ["ignore", output, output],
    // A group of its own, so that all of it can be ended.
    detached: true,
  });
  if (typeof output === "number") closeSync(output);
  running.add(child);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    void endGroup(child);
  }, minutes * 60_000);
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    const seconds = (performance.now() - started) / 1000;
    if (!live) say(`\n=== ${job.name}\n${readFileSync(log, "utf8").trimEnd()}`);
    const ending = late ? `no end within ${minutes} minutes` : signal === null ? `exit ${code}` : signal;
    return { job, seconds, ...judge(file, code === 0 ? undefined : ending) };
  } finally {
    clearTimeout(limit);
    // What it has started and left would go on writing there.
    await endGroup(child);
    // One that is alone may have started the cluster, which whoever runs it stops.
    if (!live) await endStrays(temporary);
    running.delete(child);
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A job that wrote no results, or ended badly with no test failing, is one failure. */
function judge(file: string, ending: string | undefined): Pick<Outcome, "results" | "counts" | "trouble"> {
  const counts = none();
  let results: Results | undefined;
  try {
    results = JSON.parse(readFileSync(file, "utf8")) as Results;
    for (const each of Object.values(results.kinds)) add(counts, each);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const trouble =
    results === undefined
      ? `ended before its end (${ending ?? "exit 0"})`
      : counts.failed === 0 && ending !== undefined
        ? `ended badly (${ending})`
        : undefined;
  if (trouble !== undefined) counts.failed += 1;
  return { results, counts, trouble };
}

/** Ends the jobs that run, with every process of theirs. */
export const endJobs = (): Promise<unknown> => Promise.all([...running].map(endGroup));

async function endGroup(child: ChildProcess): Promise<void> {
  const signal = (name: NodeJS.Signals | 0) => {
    try {
      return process.kill(-(child.pid ?? Number.NaN), name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
      throw error;
    }
  };
  signal("SIGTERM");
  for (const end = Date.now() + graceMs; Date.now() < end && signal(0);) await sleep(50);
  signal("SIGKILL");
}

/**
 * Ends what a job has left in groups of its own, as the language host of an engine that a test has killed: whoever was told of the job's
 * own place for temporary files is the job's. Comes back when they are gone: a signal is sent sooner than a busy kernel heeds it.
 */
async function endStrays(temporary: string): Promise<void> {
  const mark = `TMPDIR=${temporary}`;
  const killed = new Set<number>();
  for (const end = Date.now() + endingMs; ;) {
    const strays = readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0 && toldOf(pid).includes(mark));
    for (const pid of strays) {
      unlessGone(() => process.kill(pid, "SIGKILL"));
      killed.add(pid);
    }
    const left = [...killed].filter(lives);
    if (left.length === 0) return;
    if (Date.now() > end) throw new Error(`the processes ${left.join(", ")} do not end when they are killed`);
    await sleep(20);
  }
}

/** One that has ended and that nobody has asked about (Z, X) lives no more; its memory, with its environment, goes before its files do. */
const lives = (pid: number): boolean =>
  unlessGone(() => !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) ?? false;

/** The environment that a process was started with; nothing of one that has ended, and of none that we may look at. */
const toldOf = (pid: number): readonly string[] =>
  unlessGone(() => readFileSync(`/proc/${pid}/environ`, "latin1").split("\0")) ?? [];

function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** The tests by kind, what was skipped, and each failure once more. */
export function summarise(outcomes: readonly Outcome[]): Counts {
  const sum = none();
  const kinds = new Map<string, Counts>();
  for (const { counts, results } of outcomes) {
    add(sum, counts);
    for (const [kind, more] of Object.entries(results?.kinds ?? {})) {
      const known = kinds.get(kind) ?? none();
      add(known, more);
      kinds.set(kind, known);
    }
  }
  say(`\n${table(kinds)}\n`);
  for (const { results } of outcomes) for (const title of results?.skipped ?? []) say(`  SKIPPED: ${title}`);
  for (const { job, results, trouble } of outcomes) {
    if (trouble !== undefined) say(`  FAILED: ${job.name}: ${trouble}`);
    for (const { title, said } of results?.failures ?? []) {
      say(`  FAILED: ${title}\n${said.replaceAll(/^/gm, "    ")}\n`);
    }
  }
  return sum;
}
