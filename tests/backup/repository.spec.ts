import assert from "node:assert/strict";
import { openContext } from "../../backup/context.ts";
import { markVerified, named, type Snapshot, snapshotsOf } from "../../backup/repository.ts";
import { type Bench, makeBench } from "./support/bench.ts";
import { type DatabaseServer, startMariadb } from "./support/servers.ts";

const site = "one.example.com";

const snapshot = (id: string, current: string, verified: boolean): Snapshot => ({
  ...{ id, current, verified, site, time: "2026-11-01T00:00:00Z", kind: "backup" },
  ...{ bytes: undefined, size: undefined, paths: [] },
});

describe("backup/repository", function () {
  this.timeout(120_000);
  let server: DatabaseServer;
  let bench: Bench;

  before(async () => {
    server = await startMariadb();
    bench = makeBench(server, "laid");
    bench.addSite(site);
    const first = await bench.run(["run"]);
    assert.equal(first.code, 0, first.output);
  });
  after(async () => {
    bench?.close();
    await server?.stop();
  });

  it("finds a snapshot by the id that it was taken under, and by the one that marking has given it", async () => {
    const context = openContext(bench.job);
    const all = await snapshotsOf(context).finally(() => context.close());
    const [taken] = all;
    assert.ok(taken?.verified && taken.id !== taken.current);
    assert.deepEqual([named(all, taken.id), named(all, taken.current.slice(0, 8))], [[taken], [taken]]);
  });

  it("takes the marked one where a killed mark has left both, and any two others for two", () => {
    const [plain, marked] = [snapshot("aa11", "aa11", false), snapshot("aa11", "bb22", true)];
    assert.deepEqual(named([plain, marked], "aa11"), [marked]);
    assert.deepEqual(named([plain, marked], "bb"), [marked]);
    assert.equal(named([plain, snapshot("aa33", "cc44", true)], "aa").length, 2);
  });

  it("says of how many snapshots it has marked fewer than it was told to", async () => {
    const context = openContext(bench.job);
    const nowhere = snapshot("f".repeat(64), "f".repeat(64), false);
    try {
      await assert.rejects(markVerified(context, [nowhere]), /cannot be marked as verified: restic marked 0 of 1/);
    } finally {
      context.close();
    }
  });

  it("takes a mark for made that restic did not count, where the marked copy stands", async () => {
    const context = openContext(bench.job);
    try {
      const [taken] = await snapshotsOf(context);
      assert.ok(taken);
      await markVerified(context, [{ ...taken, current: "f".repeat(64), verified: false }]);
    } finally {
      context.close();
    }
  });
});
