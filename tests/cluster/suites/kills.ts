/** Every pod killed in turn, and the node's own processes: the platform heals, and loses nothing that it has acknowledged. */
import assert from "node:assert/strict";
import { ask, logIn, type Platform } from "../support/platform.ts";
import { inQueues, lost, startLoad } from "../support/load.ts";
import { componentOf, isReady, nameOf, podsOf, until } from "../support/pods.ts";
import { figures } from "./figures.ts";
import { enqueue, hasRun } from "./serving.ts";

/** Waits until as many pods of each component are ready as there were. */
async function healed({ api, namespace }: Platform, wanted: ReadonlyMap<string, number>): Promise<void> {
  await until("every pod ready again", 180, async () => {
    const pods = (await podsOf(api, namespace)).filter(isReady);
    return [...wanted].every(
      ([component, count]) => pods.filter((pod) => componentOf(pod) === component).length >= count,
    );
  });
}

const countByComponent = (pods: readonly { metadata?: { labels?: Record<string, string> } }[]) => {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    counts.set(componentOf(pod), (counts.get(componentOf(pod)) ?? 0) + 1);
  }
  return counts;
};

export function describeKills(given: () => Platform): void {
  describe("survives", () => {
    it("the death of every pod in turn, with no acknowledged row and no queued job lost", async function () {
      this.timeout(900_000);
      const platform = given();
      const { api, namespace } = platform;
      const pods = (await podsOf(api, namespace)).filter(isReady);
      const wanted = countByComponent(pods);
      const load = await startLoad(platform, "kills");
      for (const pod of pods) {
        // At once, as a node that dies would have it: no grace, no signal that could be answered.
        await api.core.deleteNamespacedPod({ name: nameOf(pod), namespace, gracePeriodSeconds: 0 });
        await healed(platform, wanted);
      }
      await until("the site to answer", 120, async () => (await ask(platform, "/login")).status === 200);
      const ledger = await load.stop();
      assert.ok(ledger.rows.length > 20 && ledger.jobs.length > 20, JSON.stringify(ledger.failed.slice(-5)));
      assert.deepEqual(await lost(platform, "kills", ledger), { rows: [], jobs: [] });
      figures[`${platform.engine}: faults survived`] =
        `${pods.length} pods killed; ${ledger.rows.length} rows and ${ledger.jobs.length} jobs acknowledged, 0 lost`;
    });

    it("a worker's end: it is given its grace, and finishes the job that it has begun", async function () {
      this.timeout(180_000);
      const platform = given();
      const { api, namespace } = platform;
      const cookie = await logIn(platform);
      const workers = new Set((await podsOf(api, namespace, "worker")).map(nameOf));
      await enqueue(platform, cookie, "long", "begun-before-the-end", 15);
      await until("a worker to be busy", 30, async () => {
        return (await inQueues(platform, "busy")).length > 0;
      });
      for (const name of workers) {
        await api.core.deleteNamespacedPod({ name, namespace });
      }
      await until("the job's row", 60, () => hasRun(platform, "begun-before-the-end"));
      await until("other workers", 120, async () => {
        const pods = (await podsOf(api, namespace, "worker")).filter(isReady).map(nameOf);
        return pods.length >= workers.size && pods.every((name) => !workers.has(name));
      });
    });
  });
}
