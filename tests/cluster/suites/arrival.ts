/** From nothing to Ready; and that the same again does nothing. */
import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { ask, type Platform } from "../support/platform.ts";
import { isReady, nameOf, podsOf, until } from "../support/pods.ts";
import { memoryOf } from "../support/inside.ts";
import { sites } from "../support/stack.ts";
import { figures } from "./figures.ts";

const note = (platform: Platform, what: string, value: string) => {
  figures[`${platform.engine}: ${what}`] = value;
};

/** Objects that a run made in the cluster: resources but for components, providers and what lives in state alone. */
const isObject = (change: string) => change.startsWith("create kubernetes:");

export function describeArrival(given: () => Platform): void {
  describe("from nothing", () => {
    it("comes up with its sites, and asks a person for nothing", async function () {
      this.timeout(900_000);
      const platform = given();
      const started = performance.now();
      const run = await platform.stack.start("up", "--yes", "--skip-preview");
      const failed = run.ended.then(({ code, text }) => {
        assert.equal(code, 0, text);
      });
      const pinged = until("the first site's answer through nginx", 600, async () => {
        const { status } = await ask(platform, "/api/method/ping");
        return status === 200 && performance.now() - started;
      });
      const either = Promise.race([pinged, failed.then(() => pinged)]);
      const [outcome, milliseconds] = await Promise.all([run.ended, either.catch((error: unknown) => error)]);
      assert.equal(outcome.code, 0, outcome.text);
      assert.ok(typeof milliseconds === "number", String(milliseconds));
      note(platform, "seconds from nothing to the first site's ping", (milliseconds / 1000).toFixed(0));
      note(platform, "seconds of the first up", outcome.seconds.toFixed(0));
      note(platform, "objects applied", String(outcome.changes.filter(isObject).length));
    });

    it("has every pod ready, and none that had to be started twice", async function () {
      this.timeout(240_000);
      const { api, namespace } = given();
      const pods = await until("all pods ready", 200, async () => {
        const all = await podsOf(api, namespace);
        return all.every(isReady) && all;
      });
      const restarted = pods.flatMap((pod) =>
        (pod.status?.containerStatuses ?? [])
          .filter(({ restartCount }) => restartCount > 0)
          .map(({ name, restartCount }) => `${nameOf(pod)}/${name}: ${restartCount}`),
      );
      assert.deepEqual(restarted, []);
      assert.ok(pods.length >= 15, pods.map(nameOf).join());
    });

    it("answers for both sites", async () => {
      for (const host of sites) {
        assert.equal((await ask(given(), "/api/method/ping", { host })).status, 200);
      }
    });
  });

  describe("a second time", () => {
    before(async () => {
      const { api, namespace, cluster } = given();
      const megabytes = Math.round((await memoryOf(cluster, await podsOf(api, namespace))) / 2 ** 20);
      note(given(), "memory of all pods at idle, without page cache", `${megabytes} MiB`);
    });

    it("changes nothing", async function () {
      this.timeout(300_000);
      const outcome = await given().stack.up();
      assert.equal(outcome.code, 0, outcome.text);
      assert.deepEqual(outcome.changes, []);
      note(given(), "seconds of an up that changes nothing", outcome.seconds.toFixed(1));
    });

    it("finds the cluster as it left it, asked by refresh, and changes nothing after that either", async function () {
      this.timeout(300_000);
      const refreshed = await given().stack.refresh("--expect-no-changes");
      assert.equal(refreshed.code, 0, refreshed.text);
      const outcome = await given().stack.up();
      assert.deepEqual(outcome.changes, [], outcome.text);
    });
  });
}
