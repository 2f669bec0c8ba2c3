/** The node's own processes are killed: the last chapter, since whatever else has tests in the cluster would notice. */
import assert from "node:assert/strict";
import { ask, type Platform } from "../support/platform.ts";
import { isReady, nameOf, podsOf, until } from "../support/pods.ts";
import { aloneInCluster } from "../support/users.ts";

const killed = ["kubelet", "kube-proxy", "containerd", "kube-scheduler", "kube-controller-manager"];

/** Processes of the node with this name, of which the kernel keeps 15 characters. */
async function pidsOf({ cluster }: Platform, name: string): Promise<readonly string[]> {
  const { stdout } = await cluster.enter(["pgrep", "-x", name.slice(0, 15)], { seconds: 10 });
  return stdout.split("\n").filter((line) => line !== "");
}

export function describeNode(given: () => Platform): void {
  describe("survives, once it is alone in the cluster,", () => {
    before(async function () {
      this.timeout(1_810_000);
      await aloneInCluster(1_800);
    });

    it("the death of the node's own processes, one after the other, while it serves", async function () {
      this.timeout(400_000);
      const platform = given();
      const { api, namespace, cluster } = platform;
      for (const name of killed) {
        const before = await pidsOf(platform, name);
        assert.ok(before.length > 0, `${name} does not run`);
        await cluster.enter(["kill", "-KILL", ...before], { seconds: 10 });
        await until(`${name} to run again`, 60, async () => {
          const now = await pidsOf(platform, name);
          return now.length > 0 && now.every((pid) => !before.includes(pid));
        });
        await until("the site to answer", 60, async () => (await ask(platform, "/login")).status === 200);
      }
      // What stood would go on looking ready without them: something new has to be made, placed, started and reached.
      const gone = (await podsOf(api, namespace, "nginx")).map(nameOf);
      for (const name of gone) await api.core.deleteNamespacedPod({ name, namespace });
      await until("another nginx, and every pod ready", 120, async () => {
        const pods = await podsOf(api, namespace);
        const another = await podsOf(api, namespace, "nginx");
        return pods.every(isReady) && another.length > 0 && !another.some((pod) => gone.includes(nameOf(pod)));
      });
      await until("the site to answer", 60, async () => (await ask(platform, "/login")).status === 200);
    });
  });
}
