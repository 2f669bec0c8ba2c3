/** Runs programs: argv only, never a shell; bounded in time and in what is kept of their words. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { messageOf } from "./log.ts";

export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** The whole environment of the child; our own when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs. @default where we do */
  readonly cwd?: string;
  /** File that is its stdin. @default nothing */
  readonly input?: string;
  /** File that its stdout becomes (0600), or what is called with each piece. @default kept as text */
  readonly output?: string | ((chunk: Buffer) => void);
  /** Ends it, with all its children, when this says so. */
  readonly signal: AbortSignal;
  /** Time limit of its own, in seconds. */
  readonly seconds?: number;
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** Its last words, at most 8,000 characters. */
  readonly stderr: string;
  /** Whether its own time limit ended it. */
  readonly late: boolean;
}

/** What stdout may hold where it is kept: a repository's list of snapshots is the longest. */
const mostKept = 256 << 20;
const lastWords = 8_000;
const graceMs = 5_000;

const running = new Set<number>();

/** Sends a signal to a program and all its children. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || !running.has(child.pid)) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // Gone in the meantime.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Starts a program as the leader of a process group of its own. */
export function start(argv: Command["argv"], options: Parameters<typeof spawn>[2]): ChildProcess {
  const [program, ...rest] = argv;
  const child = spawn(program, rest, { ...options, detached: true });
  const { pid } = child;
  if (pid !== undefined) {
    running.add(pid);
    child.once("close", () => running.delete(pid));
  }
  return child;
}

/** Runs a program to its end. Its failure is an answer; one that cannot start, or is called off, is an error. */
export async function run(command: Command): Promise<Ended> {
  const { argv, env, cwd, input, output, signal, seconds } = command;
  signal.throwIfAborted();
  const stdin = input === undefined ? "ignore" : openSync(input, "r");
  const stdout = typeof output === "string" ? openSync(output, "w", 0o600) : "pipe";
  const child = start(argv, { stdio: [stdin, stdout, "pipe"], ...(env && { env }), ...(cwd && { cwd }) });
  for (const file of [stdin, stdout]) if (typeof file === "number") closeSync(file);
  let late = false;
  let hard: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(child, "SIGTERM");
    hard ??= setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
  };
  const limit =
    seconds === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          end();
        }, seconds * 1_000);
  signal.addEventListener("abort", end, { once: true });
  try {
    const { code, said, errors } = await ending(child, argv[0], typeof output === "function" ? output : undefined, end);
    signal.throwIfAborted();
    return { code, stdout: said, stderr: errors, late };
  } finally {
    signal.removeEventListener("abort", end);
    clearTimeout(limit);
    clearTimeout(hard);
  }
}

function ending(
  child: ChildProcess,
  program: string,
  output: ((chunk: Buffer) => void) | undefined,
  end: () => void,
): Promise<{ code: number | null; said: string; errors: string }> {
  return new Promise((resolve, reject) => {
    const kept: Buffer[] = [];
    let size = 0;
    let errors = "";
    let problem: Error | undefined;
    child.stdout?.on("data", (chunk: Buffer) => {
      if (output !== undefined) output(chunk);
      else if ((size += chunk.length) <= mostKept) kept.push(chunk);
      else {
        problem = new Error(`${program} wrote more than ${mostKept} bytes`);
        end();
      }
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-lastWords)));
    child.once("error", (error) => reject(new Error(`${program} cannot be started: ${messageOf(error)}`)));
    child.once("close", (code) => {
      if (problem) reject(problem);
      else resolve({ code, said: Buffer.concat(kept).toString("utf8"), errors });
    });
  });
}

/** The last lines that a program wrote, on one line, for an error message. */
export function wordsOf({ code, stderr, late }: Ended): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const last = lines.filter((line) => line !== "").slice(-3);
  const how = late ? "was ended at its time limit" : code === null ? "was killed" : `ended with ${code}`;
  return last.length === 0 ? how : `${how}: ${last.join(" | ").slice(0, 1_000)}`;
}
