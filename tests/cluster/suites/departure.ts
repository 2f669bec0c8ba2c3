/** The stack goes, its data stays; and a new `up` is the same platform again. */
import assert from "node:assert/strict";
import { ask, logIn, type Platform } from "../support/platform.ts";
import { notes } from "../support/load.ts";
import { nameOf, podsOf, until } from "../support/pods.ts";
import { sites } from "../support/stack.ts";

export function describeDeparture(given: () => Platform): void {
  describe("goes away", () => {
    it("and leaves what holds data where it was", async function () {
      this.timeout(400_000);
      const platform = given();
      const { api, namespace, stack } = platform;
      const cookie = await logIn(platform);
      const data = JSON.stringify({ title: "before-destroy", content: "kept" });
      const path = "/api/resource/Note";
      assert.equal((await ask(platform, path, { cookie, method: "POST", data })).status, 200);
      const outcome = await stack.destroy();
      assert.equal(outcome.code, 0, outcome.text);
      assert.deepEqual(
        stack.state().resources.filter(({ urn }) => !urn.includes("pulumi:pulumi:Stack")),
        [],
      );
      const { items } = await api.core.listNamespacedPersistentVolumeClaim({ namespace });
      assert.deepEqual(items.map(nameOf).sort(), ["backups", `${platform.engine}-data`, "redis-queue-data", "sites"]);
      await until("the bench to go", 150, async () => {
        const left = new Set(
          (await podsOf(api, namespace)).map((pod) => pod.metadata?.labels?.["app.kubernetes.io/name"]),
        );
        return [...left].every((name) => name === platform.engine || name === "redis-queue");
      });
    });

    it("and a new up, with the keys that were left, serves the same sites and rows", async function () {
      this.timeout(600_000);
      const platform = given();
      const refused = await platform.stack.up();
      assert.notEqual(refused.code, 0);
      assert.match(refused.text, /exists already|already exists/);
      await platform.stack.adopt();
      const undo = platform.stack.change((values) => (values["lifecycle"].adoptExisting = true));
      const outcome = await platform.stack.up();
      assert.equal(outcome.code, 0, outcome.text);
      for (const host of sites) {
        assert.equal((await ask(platform, "/login", { host })).status, 200);
      }
      assert.ok((await notes(platform, "before-")).has("before-destroy"));
      undo();
      assert.deepEqual((await platform.stack.up()).changes, []);
    });
  });
}
