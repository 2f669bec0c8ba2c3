/** Child processes with a deadline, whose failures say what happened. */
import { spawn, type SpawnOptions } from "node:child_process";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class ProcessError extends Error {}

/**
 * Runs a program to its end and collects what it says.
 * @param seconds Deadline; the process is killed at it.
 * @param input What it reads: for what must not stand in its arguments. Left out, it reads nothing.
 * @throws ProcessError when it cannot be started or passes its deadline; a non-zero exit is a result.
 */
export function run(
  argv: readonly [string, ...string[]],
  { seconds, input, ...options }: SpawnOptions & { seconds: number; input?: string },
): Promise<Ended> {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...options,
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    // One that ends without reading says by its exit code what came of it.
    child.stdin?.once("error", () => undefined).end(input);
    let stdout = "";
    let stderr = "";
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, seconds * 1000);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", (error) => {
      clearTimeout(deadline);
      reject(new ProcessError(`${program} could not be started: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      clearTimeout(deadline);
      if (late) {
        reject(new ProcessError(`${program} did not end within ${seconds} s`));
      } else if (code === null) {
        reject(new ProcessError(`${program} was ended by ${signal}`));
      } else {
        resolve({ code, stdout, stderr });
      }
    });
  });
}

/** The last lines of what a program said, for a message. */
export const tail = (text: string, lines = 6): string => text.trim().split("\n").slice(-lines).join("\n    ");
