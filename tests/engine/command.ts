/** `npm run preview`, without npm, in an environment and a temp folder that belong to the test. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { environment } from "../../engine/environment.ts";
import { root } from "../../engine/root.ts";

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What previews left behind in the temp folder. */
  readonly left: readonly string[];
}

export interface Started {
  readonly child: ChildProcess;
  /** Resolves when its workspace has an event log, or it has ended. */
  running(): Promise<void>;
  readonly ended: Promise<Ending>;
}

const workspaces = (temp: string) => readdirSync(temp).filter((name) => name.startsWith("frappe-preview-"));

export function startPreview(args: readonly string[], changes: Record<string, string | undefined> = {}): Started {
  const temp = mkdtempSync(join(tmpdir(), "frappe-command-"));
  const env = environment.forChild({ ...changes, TMPDIR: temp });
  const argv = [join(root, "engine/start.mjs"), "engine/preview.ts", ...args];
  const child = spawn(process.execPath, argv, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    child,
    running: async () => {
      const hasBegun = () => workspaces(temp).some((name) => existsSync(join(temp, name, "events.json")));
      while (!hasEnded() && !hasBegun()) {
        await wait(10);
      }
    },
    ended: new Promise<Ending>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        const left = workspaces(temp);
        rmSync(temp, { recursive: true });
        resolve({ code, signal, stdout, stderr, left });
      });
    }),
  };
}

export const preview = (...args: string[]): Promise<Ending> => startPreview(args).ended;
