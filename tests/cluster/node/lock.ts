/** One at a time per cluster: who starts or stops it holds a file that names it. One whose holder is gone counts for nothing. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, processOf } from "./processes.ts";
import type { Places } from "./settings.ts";

/** Seconds that a start may take which this one waits for: an import of gigabytes. */
const patience = 600;

export async function withLock<T>({ home, name }: Places, work: () => Promise<T>): Promise<T> {
  await mkdir(home, { recursive: true });
  const file = path.join(home, "lock");
  const self = await processOf(process.pid);
  const deadline = performance.now() + patience * 1000;
  while (!(await taken(file, `${process.pid} ${self?.started}`))) {
    if (performance.now() > deadline) {
      throw new Error(`another process starts or stops the cluster ${name}: see ${file}`);
    }
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function taken(file: string, self: string): Promise<boolean> {
  try {
    await writeFile(file, self, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const holder = await holderOf(file);
  const [pid, started] = holder.split(" ");
  if (holder !== "" && pid && started && !(await isAlive({ pid: Number(pid), started }))) await discard(file, holder);
  return false;
}

/** Moved aside and looked at again, so that the lock of one who was quicker is given back. */
async function discard(file: string, holder: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return;
  }
  if ((await holderOf(aside)) === holder) await rm(aside, { force: true });
  else await rename(aside, file);
}

async function holderOf(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
