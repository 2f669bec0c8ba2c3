/** How a node begins and ends. A start that was cut short leaves no mark that it is complete, and is ended by the next. */
import { spawn } from "node:child_process";
import { existsSync, openSync, closeSync } from "node:fs";
import { mkdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { environment } from "../../../engine/environment.ts";
import { tail } from "../../../engine/run.ts";
import { freePort } from "../../support/tools-server.ts";
import type { Binaries } from "./binaries.ts";
import { makeGroups, removeGroups } from "./cgroups.ts";
import { writeConfigs } from "./configs.ts";
import { daemonsOf, type Daemon } from "./daemons.ts";
import { makeKeys } from "./pki.ts";
import { endNode, firstProcessOf, launcherOf } from "./processes.ts";
import { nodeAddress, serviceRange, type Places } from "./settings.ts";

const completeMark = ({ run }: Places) => path.join(run, "complete");

/** Whether a node runs whose start came to its end. */
export const isComplete = async (places: Places): Promise<boolean> =>
  existsSync(completeMark(places)) &&
  (await launcherOf(places)) !== undefined &&
  (await firstProcessOf(places)) !== undefined;

export const markComplete = (places: Places): Promise<void> => writeFile(completeMark(places), "");

/** Lets those programs start that wait for the API server. */
export const markApiReady = ({ run }: Places): Promise<void> => writeFile(path.join(run, "api-ready"), "");

/** Ends what runs, and what a kill left behind; takes all away but containerd's images. */
export async function end(places: Places): Promise<void> {
  await endNode(places);
  await removeGroups(places);
  const made = path.join(places.run, "made");
  const folders = existsSync(made) ? (await readFile(made, "utf8")).split("\n").filter(Boolean) : [];
  for (const folder of folders) await removeEmpty(folder);
  await rm(places.run, { recursive: true, force: true });
  for (const part of ["etcd", "life", "volumes", "volumes-rwx"]) {
    await rm(path.join(places.data, part), { recursive: true, force: true });
  }
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Begins a node on an empty state; its programs are not ready yet. */
export async function begin(places: Places, binaries: Binaries): Promise<void> {
  await rm(places.log, { recursive: true, force: true });
  for (const folder of [places.run, places.data, places.log]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const port = await freePort();
  await makeKeys(places, port);
  await writeConfigs(places, binaries);
  for (const daemon of daemonsOf(places, binaries)) await writeDaemon(places, daemon);
  await makeGroups(places);
  await launch(places, port);
}

async function writeDaemon({ run }: Places, { name, when, argv, env = {} }: Daemon): Promise<void> {
  const folder = path.join(run, "daemons", when);
  await mkdir(folder, { recursive: true });
  const settings = Object.entries(env).map(([key, value]) => `export ${key}=${quoted(value)}\n`);
  const note = `echo $$ >${quoted(pidFileOf(run, name))}\n`;
  await writeFile(path.join(folder, name), `${settings.join("")}${note}exec ${argv.map(quoted).join(" ")}\n`);
}

/** The number of a program in the node's own namespace. */
export const pidFileOf = (run: string, name: string): string => path.join(run, `${name}.pid`);

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Writes its own number and start down before it becomes the node: there is no moment at which nobody knows it. */
const launcher = `
echo "$$ $(sed 's/.*) //' "/proc/$$/stat" | cut -d' ' -f20)" >"$1/run/launcher"
exec unshare --mount --pid --fork --mount-proc --propagation private --kill-child=SIGKILL bash "$0" outside "$@"
`;

/** Proxies and clusters of the caller's are none of the node's business; the rest of his environment marks it as his. */
const foreign = ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "kubeconfig"];

async function launch(places: Places, port: number): Promise<void> {
  const script = path.join(import.meta.dirname, "node.sh");
  const without = foreign.flatMap((name) => [name, name.toUpperCase()]).map((name) => [name, undefined] as const);
  const log = openSync(path.join(places.log, "node.log"), "a", 0o600);
  const args = ["-c", launcher, script, places.home, String(port), nodeAddress, serviceRange];
  const child = spawn("bash", args, {
    cwd: places.home,
    detached: true,
    env: environment.forChild(Object.fromEntries(without)),
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const failure = new Promise<never>((_, reject) => child.once("error", reject));
  child.unref();
  const started = (async () => {
    for (let attempt = 0; (await firstProcessOf(places)) === undefined; attempt++) {
      if (attempt > 400) throw new Error(await whyDead(places));
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  })();
  await Promise.race([started, failure]);
}

/** Throws where the node is no more: nothing that it was asked for will ever be. */
export async function requireAlive(places: Places): Promise<void> {
  if ((await launcherOf(places)) === undefined || (await firstProcessOf(places)) === undefined) {
    throw new Error(await whyDead(places));
  }
}

async function whyDead({ log }: Places): Promise<string> {
  const said = await readFile(path.join(log, "node.log"), "utf8");
  return `the node ended; its log files are in ${log}; it said: ${tail(said, 12)}`;
}
