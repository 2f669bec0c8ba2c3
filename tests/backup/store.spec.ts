import assert from "node:assert/strict";
import { type Bench, makeBench } from "./support/bench.ts";
import { causeOf, type Front, startFront, verifiedDumps } from "./support/faults.ts";
import { type DatabaseServer, startDatabase, startStore, type Store } from "./support/servers.ts";

const site = "one.example.com";

describe("backup: a store that fails (fault 10)", function () {
  this.timeout(240_000);
  let server: DatabaseServer;
  let store: Store;
  let front: Front;
  let bench: Bench;
  let good: Record<string, string>;

  before(async () => {
    server = await startDatabase.mariadb();
    store = await startStore();
    front = await startFront(store.port);
    bench = makeBench(server, front.port);
    bench.addSite(site);
    const first = await bench.run(["run"]);
    assert.equal(first.code, 0, first.output);
    good = await verifiedDumps(bench);
  });
  after(async () => {
    bench?.close();
    await front?.stop();
    await store?.stop();
    await server?.stop();
  });
  afterEach(async () => {
    front.mode = "pass";
    assert.deepEqual(await verifiedDumps(bench), good);
  });

  it("fails within its time where nobody listens, and takes it for no empty place", async () => {
    const repository = bench.job.repository.replace(String(front.port), "9");
    const outcome = await bench.run(["run"], { repository, timeLimit: 12 });
    assert.equal(outcome.code, 1, outcome.output);
    assert.match(
      causeOf(outcome),
      /127\.0\.0\.1:9\/.* cannot be opened: the repository cannot be reached in time|connection refused/,
    );
  });

  it("fails within its time where every answer is 503", async () => {
    front.mode = "503";
    const outcome = await bench.run(["run"], { timeLimit: 12 });
    assert.equal(outcome.code, 1, outcome.output);
    assert.match(causeOf(outcome), /the repository cannot be (opened|reached)/);
  });

  it("fails within its time where uploads break off in the middle", async () => {
    front.mode = "reset";
    const outcome = await bench.run(["run"], { timeLimit: 40 });
    assert.equal(outcome.code, 1, outcome.output);
    assert.match(causeOf(outcome), /time limit of 40 s|snapshot failed/);
    assert.equal(front.broken > 0, true);
  });

  it("goes on when uploads break off only for a while", async () => {
    front.breakNext = 2;
    const outcome = await bench.run(["run"]);
    assert.equal(outcome.code, 0, outcome.output);
    assert.equal(front.breakNext, 0);
    const now = await verifiedDumps(bench);
    assert.equal(Object.keys(now).length, 2);
    good = now;
  });
});
