import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { until } from "../support/pods.ts";
import type { Cluster } from "./index.ts";
import { firstProcessOf, isAlive, launcherOf, processOf } from "./processes.ts";
import { apiOf, makeNamespace, makePod, places, startTrial, stopTrial, addressOf } from "./support/trial.ts";

/** What a cluster has on this machine while it runs, and must not have afterwards. */
interface Traces {
  readonly processes: readonly number[];
  readonly groups: readonly string[];
  readonly mounts: readonly string[];
}

async function traces(): Promise<Traces> {
  const numbers = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const ours = await Promise.all(numbers.map(async (pid) => ((await isOurs(pid)) ? [pid] : [])));
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").filter((line) => line.includes(places.home));
  return { processes: ours.flat(), groups: await groups("/sys/fs/cgroup", 2), mounts };
}

/** Its program, folder or words are of the cluster's home. */
async function isOurs(pid: number): Promise<boolean> {
  const asked = [
    readFile(`/proc/${pid}/cmdline`, "utf8"),
    readFile(`/proc/${pid}/cgroup`, "utf8"),
    readlink(`/proc/${pid}/cwd`),
  ];
  const said = await Promise.all(asked.map((answer) => answer.catch(() => "")));
  return pid !== process.pid && said.some((text) => text.includes(places.home) || text.includes(`/${places.cgroup}/`));
}

async function groups(folder: string, depth: number): Promise<string[]> {
  if (depth === 0) return [];
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const inside = entries.map(async ({ name }) =>
    name === places.cgroup ? [path.join(folder, name)] : groups(path.join(folder, name), depth - 1),
  );
  return (await Promise.all(inside)).flat();
}

const nothing: Traces = { processes: [], groups: [], mounts: [] };

function portOf({ kubeconfig }: Cluster): number {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return Number(new URL(config.getCurrentCluster()?.server ?? "").port);
}

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

async function withAPod(cluster: Cluster): Promise<void> {
  const api = apiOf(cluster);
  await makePod(api, "default", "sleeper", "sleep 1000");
  await addressOf(api, "default", "sleeper");
}

describe("node/life", function () {
  this.timeout(2_400_000);
  after(stopTrial);

  it("is one cluster however often it is started", async () => {
    const first = await startTrial();
    await makeNamespace(apiOf(first), "kept");
    const running = await firstProcessOf(places);
    const [again, third] = await Promise.all([startTrial(), startTrial()]);
    assert.deepEqual([portOf(again), portOf(third)], [portOf(first), portOf(first)]);
    assert.deepEqual(await firstProcessOf(places), running);
    await apiOf(again).core.readNamespace({ name: "kept" });
  });

  it("runs commands where Services have their addresses", async () => {
    const { enter } = await startTrial();
    const { code, stdout } = await enter(["ip", "-brief", "address", "show", "kube0"]);
    assert.equal(code, 0);
    assert.match(stdout, /10\.99\.0\.1\/24/);
    assert.equal((await enter(["sh", "-c", "exit 7"])).code, 7);
  });

  it("is gone with all it did when it is stopped", async () => {
    const cluster = await startTrial();
    await withAPod(cluster);
    const port = portOf(cluster);
    const running = await traces();
    assert.ok(running.processes.length > 10, "it is seen while it runs");
    assert.ok(running.groups.length > 0, "its groups are seen while it runs");
    assert.ok(await listens(port));
    await stopTrial();
    assert.deepEqual(await traces(), nothing);
    assert.equal(await listens(port), false);
    assert.equal(existsSync(cluster.kubeconfig), false, "its keys are gone");
    await stopTrial();
  });

  for (const [who, find] of [
    ["first process", firstProcessOf],
    ["launcher", launcherOf],
  ] as const) {
    it(`starts empty after a kill of the node's ${who}, and leaves nothing`, async () => {
      const before = await startTrial();
      await makeNamespace(apiOf(before), "lost");
      await withAPod(before);
      const victim = await find(places);
      assert.ok(victim);
      process.kill(victim.pid, "SIGKILL");
      await until("the killed process is gone", 30, async () => !(await isAlive(victim)));
      const again = await startTrial();
      await assert.rejects(apiOf(again).core.readNamespace({ name: "lost" }), /404/);
      await withAPod(again);
      await stopTrial();
      assert.deepEqual(await traces(), nothing);
    });
  }

  it("knows a process by its start, not by its number alone", async () => {
    const self = await processOf(process.pid);
    assert.ok(self && (await isAlive(self)));
    assert.equal(await isAlive({ ...self, started: String(Number(self.started) + 1) }), false);
  });
});
