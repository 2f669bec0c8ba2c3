/** Locks that runs of Pulumi leave in a backend of files, and whether those who made them still live. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** Folder of a backend of files; undefined of any other. `file://~` is the user's own. */
export function backendFolder(url: string, project: string): string | undefined {
  const [, written] = /^file:\/\/([^?]*)/.exec(url) ?? [];
  return written && resolve(project, decodeURIComponent(written).replace(/^~/, homedir()));
}

/**
 * Locks of a stack, as Pulumi's backends of files keep them (pkg/backend/diy/lock.go): one file a run.
 * @param folder The backend's.
 */
export function locksIn(folder: string, project: string, stack: string): Lock[] {
  const locks = join(folder, ".pulumi/locks/organization", project, stack);
  const files = existsSync(locks) ? readdirSync(locks).filter((file) => file.endsWith(".json")) : [];
  return files.map((file) => JSON.parse(readFileSync(join(locks, file), "utf8")) as Lock);
}

/** Name and state of a process where the system tells them; undefined where it does not. */
function processOf(pid: number): { readonly name: string; readonly state: string } | undefined {
  if (!existsSync("/proc/self/stat")) {
    return undefined;
  }
  const [, name = "", state = ""] = /\((.*)\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  return { name, state };
}

/** Whether the run that made a lock on this machine may still be at work. */
export function isAlive({ pid }: Lock): boolean {
  try {
    process.kill(pid, 0);
    const found = processOf(pid);
    // Its number may be another's by now, and one that nobody has waited for has ended all the same.
    return found === undefined || (found.name.startsWith("pulumi") && found.state !== "Z");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export const madeBy = ({ pid, username, hostname, timestamp }: Lock): string =>
  `process ${pid} of ${username} on ${hostname}, ${timestamp}`;
