/** Which processes are provably ours: by number and start, as the kernel tells them. A number alone may be somebody else's by now. */
import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Places } from "./settings.ts";

export interface Process {
  readonly pid: number;
  /** Ticks of the machine's clock since its start. */
  readonly started: string;
}

async function readIf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

/** The process that bears a number now; undefined where there is none, or only its exit code. */
export async function processOf(pid: number): Promise<Process | undefined> {
  const stat = await readIf(`/proc/${pid}/stat`);
  // Its second field is the program's name in brackets, with any character in it.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const started = fields?.[19];
  return fields === undefined || started === undefined || fields[0] === "Z" ? undefined : { pid, started };
}

export async function isAlive({ pid, started }: Process): Promise<boolean> {
  return (await processOf(pid))?.started === started;
}

/** Sends SIGKILL to a process that is still the one that was noted. */
async function kill(noted: Process): Promise<void> {
  if (!(await isAlive(noted))) return;
  try {
    process.kill(noted.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Notes of a start: `PID STARTED` of the launcher, written by itself; `NAMESPACE STARTED` of the node's first process, likewise. */
export async function launcherOf({ run }: Places): Promise<Process | undefined> {
  const [pid, started] = ((await readIf(path.join(run, "launcher"))) ?? "").trim().split(" ");
  if (!pid || !started) return undefined;
  const noted = { pid: Number(pid), started };
  return (await isAlive(noted)) ? noted : undefined;
}

/** The node's first process, found by the namespace that it is the first of: no other process has both. */
export async function firstProcessOf({ run }: Places): Promise<Process | undefined> {
  const [namespace, started] = ((await readIf(path.join(run, "init"))) ?? "").trim().split(" ");
  if (!namespace || !started) return undefined;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number)) {
    if ((await namespaceOf(pid)) !== namespace) continue;
    const found = await processOf(pid);
    if (found?.started === started && /^NSpid:.*\t1$/m.test((await readIf(`/proc/${pid}/status`)) ?? "")) return found;
  }
  return undefined;
}

async function namespaceOf(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/ns/pid`);
  } catch {
    // It ended, or it is the kernel's own.
    return undefined;
  }
}

/** Ends the node with all that is in it: the kernel ends a PID namespace with its first process. Gone when it returns. */
export async function endNode(places: Places): Promise<void> {
  for (const find of [firstProcessOf, launcherOf]) {
    const found = await find(places);
    if (found !== undefined) await gone(found);
  }
}

async function gone(noted: Process): Promise<void> {
  for (let attempt = 0; await isAlive(noted); attempt++) {
    if (attempt > 600) throw new Error(`process ${noted.pid} of the cluster does not end`);
    await kill(noted);
    await sleep(25);
  }
}
