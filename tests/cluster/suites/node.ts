/** The node's own processes are killed: the last chapter, since whatever else has tests in the cluster would notice. */
import { ask, type Platform } from "../support/platform.ts";
import { isReady, podsOf, until } from "../support/pods.ts";
import { aloneInCluster } from "../support/users.ts";

export function describeNode(given: () => Platform): void {
  describe("survives, once it is alone in the cluster,", () => {
    before(async function () {
      this.timeout(1_810_000);
      await aloneInCluster(1_800);
    });

    it("the death of the node's own processes, one after the other, while it serves", async function () {
      this.timeout(300_000);
      const platform = given();
      for (const process of ["kubelet", "kube-proxy", "containerd", "kube-scheduler", "kube-controller-manager"]) {
        await platform.cluster.enter(["pkill", "-KILL", "-x", process.slice(0, 15)], { seconds: 10 });
        await until(`${process} to run again`, 60, async () => {
          const { code } = await platform.cluster.enter(["pgrep", "-x", process.slice(0, 15)], { seconds: 10 });
          return code === 0;
        });
        await until("the site to answer", 60, async () => (await ask(platform, "/login")).status === 200);
      }
      await until("every pod ready", 120, async () => (await podsOf(platform.api, platform.namespace)).every(isReady));
    });
  });
}
