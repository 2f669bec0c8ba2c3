import assert from "node:assert/strict";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { killAt, upTo } from "./support/kills.ts";
import { type More, type Runner, startRunner } from "./support/runner.ts";
import { startWriters, type Writers } from "./support/writers.ts";

const half: More = { env: { FIXTURE_PATCH: "half:erpnext.patches.two.p3" } };

/** Tables to which those write who use the site. */
const used = ["tabNote", "tabSessions", "tabActivity Log"];
const stand = ["a.test", "b.test"];

/** What stands of the sites and the queue, apart from what is written to them meanwhile. */
function standing({ bench, content }: Runner, sites: readonly string[] = stand): unknown {
  const of = (site: string) => Object.entries(content(site)).filter(([table]) => !used.includes(table));
  return {
    sites: sites.map((site) => [site, bench.config(site), Object.fromEntries(of(site))]),
    queue: bench.ask("GET", "rq:suspended"),
  };
}

describe("release: killed at every point, while people write (mariadb)", function () {
  this.timeout(400_000);
  let runner: Runner;
  let writers: Writers;
  let folder: string;

  before(async () => {
    runner = await startRunner("mariadb");
    for (const site of stand) runner.declare(site);
    folder = mkdtempSync(path.join(tmpdir(), "release-kills-"));
    writeFileSync(path.join(folder, "wrong"), "another password", { mode: 0o644 });
    chownSync(folder, 1000, 1000);
  });
  after(async () => {
    await writers?.stop();
    await runner?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const release = async (id: string) => (await runner.ledger()).find((each) => each.id === id);
  const sitesOf = async (id: string) => (await release(id))?.sites.map(({ site, state }) => `${site} ${state}`);
  const note = (site: string) => runner.bench.sql(site, "SELECT note FROM `tabCustomer` WHERE name = 'ann'");

  /** Writes are open, and nothing that was acknowledged is lost. */
  async function people() {
    const counts = () => stand.map((site) => writers.acknowledged.get(site)?.length ?? 0);
    const before = counts();
    for (const until = Date.now() + 20_000; counts().some((count, index) => count <= (before[index] ?? 0));) {
      assert.ok(Date.now() < until, "nobody can write");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const site of stand) assert.deepEqual(writers.lost(site), [], `${site} has lost acknowledged notes`);
  }

  it("makes a bench's first sites, as without the kills", async () => {
    const from = await killAt(runner, [
      ...["inspected", "begun", "now:backed_up", "now:closing", "draining", "now:closed", "now:sealed"],
      ...["now:migrating", "ending-workers", "creating:a.test", /"step":"apps"/, "created:a.test", "created:b.test"],
      ...["now:migrated", "verified", "now:verified", "opening:a.test", "opened:b.test", "resuming", "now:confirmed"],
    ]);
    const { failed, output } = await upTo(runner, undefined, {}, from);
    assert.equal(failed, undefined, output);
    assert.equal((await release("r1"))?.state, "confirmed");
    assert.deepEqual(await sitesOf("r1"), ["a.test released", "b.test released"]);
    for (const site of stand) {
      assert.equal((await runner.web.ask(site, "/login")).status, 200);
      runner.bench.sql(site, "INSERT INTO `tabCustomer` (name, customer_name, note) VALUES ('ann', 'Ann', 'x')");
    }
    assert.equal(runner.bench.ask("EXISTS", "rq:suspended"), "0");
  });

  describe("of the second version", () => {
    before(async () => {
      writers = startWriters(runner, stand);
      await people();
      await runner.bench.become("two");
      runner.declare("new.test");
    });

    it("is aborted, as without the kills, and everything is as before", async () => {
      runner.release("r2");
      runner.bench.ask("SET", "rq:suspended", "by a person");
      const before = standing(runner);
      const open = ["backed-up:a.test", "backed-up:b.test", "closing:a.test", "closed:b.test", "draining"];
      const closing = await killAt(runner, open);
      const fails: More = {
        change: (job) => ({ ...job, backup: { ...job.backup, passwordFile: path.join(folder, "wrong") } }),
      };
      const back = ["now:closed", "now:aborting", "reopening:a.test", "reopening:b.test"];
      const { failed, output } = await upTo(runner, undefined, fails, await killAt(runner, back, fails, closing));
      assert.equal(failed, "migrate", output);
      assert.match((await release("r2"))?.reason ?? "", /password/);
      assert.equal((await release("r2"))?.state, "aborted");
      assert.deepEqual(await sitesOf("r2"), ["a.test untouched", "b.test untouched", "new.test untouched"]);
      await people();
      assert.deepEqual(standing(runner), before);
    });

    it("goes all the way back, as without the kills, and everything is as before", async () => {
      runner.release("r3", { attempt: 2 });
      const before = standing(runner);
      const from = await killAt(
        runner,
        [
          ...["sealed:a.test", "now:migrating", "migrating:a.test", "restored-again:a.test", "now:rolling_back"],
          ...["restoring:a.test", /"database restored"/, "restored:a.test", "reopening:b.test"],
        ],
        half,
      );
      const { failed, output } = await upTo(runner, undefined, half, from);
      assert.equal(failed, "migrate", output);
      assert.match((await release("r3"))?.reason ?? "", /two\.p3/);
      assert.equal((await release("r3"))?.state, "rolled_back");
      assert.deepEqual(await sitesOf("r3"), ["a.test restored", "b.test untouched", "new.test untouched"]);
      await people();
      assert.deepEqual(standing(runner), before);
    });

    it("stands, as without the kills, with all rows on the new schema", async () => {
      runner.release("r4", { attempt: 3 });
      runner.bench.ask("DEL", "rq:suspended");
      const slow: More = { env: { FIXTURE_PATCH: "slow:erpnext.patches.two.p3=60" } };
      const patched = "SELECT COUNT(*) FROM `tabPatch Log` WHERE patch = 'erpnext.patches.two.p2'";
      const patching = await killAt(runner, [() => runner.bench.sql("a.test", patched) === "1"], slow);
      const sites = ["restored-again:a.test", "migrated:b.test", "created:new.test"];
      const last = ["now:migrated", "now:verified", "opened:a.test", "resuming"];
      const from = await killAt(runner, [...sites, ...last], {}, patching);
      const { failed, output } = await upTo(runner, undefined, {}, from);
      assert.equal(failed, undefined, output);
      assert.equal((await release("r4"))?.state, "confirmed");
      assert.deepEqual(await sitesOf("r4"), ["a.test released", "b.test released", "new.test released"]);
      for (const site of stand) assert.equal(note(site), "x-p2-p3a-p3b", `${site}: each patch once`);
      assert.equal((await runner.web.ask("new.test", "/login")).status, 200);
      assert.equal(runner.bench.ask("EXISTS", "rq:suspended"), "0");
      await people();
    });

    it("I12 shows no secret in anything that any of them has said", () => {
      for (const secret of runner.secrets()) assert.ok(!runner.said().includes(secret));
    });
  });
});

describe("release: killed at some points, while people write (postgres)", function () {
  this.timeout(300_000);
  const site = "a.test";
  let runner: Runner;
  let writers: Writers;

  before(async () => {
    runner = await startRunner("postgres");
    runner.declare(site);
    const { failed, output } = await upTo(runner, undefined);
    assert.equal(failed, undefined, output);
    writers = startWriters(runner, [site]);
    await runner.bench.become("two");
  });
  after(async () => {
    await writers?.stop();
    await runner?.close();
  });
  const state = async () => (await runner.ledger()).at(-1)?.state;

  it("goes all the way back, as without the kills, and everything is as before", async () => {
    runner.release("r2", { attempt: 2 });
    const before = standing(runner, [site]);
    const moments = ["now:closed", "now:rolling_back", /"database restored"/, "restored:a.test"];
    const { failed, output } = await upTo(runner, undefined, half, await killAt(runner, moments, half));
    assert.equal(failed, "migrate", output);
    assert.equal(await state(), "rolled_back");
    assert.deepEqual(standing(runner, [site]), before);
    assert.deepEqual(writers.lost(site), []);
  });

  it("stands, as without the kills, with all rows on the new schema", async () => {
    runner.release("r3", { attempt: 3 });
    const moments = ["sealed:a.test", "migrated:a.test", "restored-again:a.test", "opened:a.test"];
    const { failed, output } = await upTo(runner, undefined, {}, await killAt(runner, moments));
    assert.equal(failed, undefined, output);
    assert.equal(await state(), "confirmed");
    const patches = "SELECT COUNT(*) FROM `tabPatch Log` WHERE patch LIKE 'erpnext.patches.two.%'";
    assert.equal(runner.bench.sql(site, patches), "4");
    assert.deepEqual(writers.lost(site), []);
  });
});
