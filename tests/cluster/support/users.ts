/** Which processes have tests in the cluster: what would disturb the others' waits until they have ended. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isAlive, processOf } from "../node/processes.ts";
import { clusterHome } from "../node/settings.ts";
import { until } from "./pods.ts";

const folder = () => path.join(clusterHome(), "users");
const noteOf = (pid: number) => path.join(folder(), String(pid));

/** Notes this process among them. */
export async function enterCluster(): Promise<void> {
  const self = await processOf(process.pid);
  await mkdir(folder(), { recursive: true });
  await writeFile(noteOf(process.pid), self?.started ?? "");
}

/** Takes it out again. One that was killed counts for nothing. */
export const quitCluster = (): Promise<void> => rm(noteOf(process.pid), { force: true });

/** Waits until no other process has tests in the cluster. @throws Error at the deadline, in seconds */
export async function aloneInCluster(seconds: number): Promise<void> {
  await until("the other tests of the cluster to end", seconds, async () => {
    const others = (await readdir(folder())).map(Number).filter((pid) => pid !== process.pid);
    const alive = others.map(async (pid) => isAlive({ pid, started: await readFile(noteOf(pid), "utf8") }));
    return !(await Promise.all(alive)).includes(true);
  });
}
