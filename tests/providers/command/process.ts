/** One command of a program's: a process group that ends with its deadline, and is heard line by line. engine/run.ts gives no input. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Started {
  readonly argv: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  readonly stdin: string;
  readonly signal: AbortSignal;
  readonly hear: (stream: "stdout" | "stderr", line: string) => void;
}

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  /** Both as they came. */
  readonly output: string;
  /** `exit status 1`, `signal: killed`; undefined after an exit of 0. */
  readonly failure: string | undefined;
}

/** @throws Error when it cannot be started at all. */
export function execute({ argv: [program, ...args], env, cwd, stdin, signal, hear }: Started): Promise<Said> {
  signal.throwIfAborted();
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env, cwd, stdio: "pipe", detached: true });
    const said = { stdout: "", stderr: "", output: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        said[stream] += text;
        said.output += text;
      });
      createInterface({ input: child[stream], crlfDelay: Infinity }).on("line", (line) => hear(stream, line));
    }
    // The whole group: a shell's own children would go on.
    const end = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
    signal.addEventListener("abort", end, { once: true });
    // A command that does not read its input closes it early.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.once("error", (error) => {
      signal.removeEventListener("abort", end);
      fail(new Error(`${program} could not be started: ${error.message}`));
    });
    child.once("close", (code, killed) => {
      signal.removeEventListener("abort", end);
      done({ ...said, failure: code === 0 ? undefined : code === null ? `signal: ${killed}` : `exit status ${code}` });
    });
  });
}
