import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type RunningServer, startServer } from "../support/tools-server.ts";
import { passMinute, signalAll, upTo } from "./support/kills.ts";
import { type Begun, type More, type Runner, startRunner } from "./support/runner.ts";
import { startWriters, type Writers } from "./support/writers.ts";

const site = "a.test";
const patched = "SELECT COUNT(*) FROM `tabPatch Log` WHERE patch = 'erpnext.patches.two.p2'";
const slow: More = { env: { FIXTURE_PATCH: "slow:erpnext.patches.two.p3=5" } };
const nobody = { uid: 65_534, gid: 65_534 };

describe("release: stopped, overtaken, and without its servers (mariadb)", function () {
  this.timeout(300_000);
  let runner: Runner;
  let writers: Writers;
  let attempt = 1;
  const restarted: RunningServer[] = [];

  before(async () => {
    runner = await startRunner("mariadb");
    runner.declare(site);
    const { failed, output } = await upTo(runner, undefined);
    assert.equal(failed, undefined, output);
    // What it has answered is on the disk, as it is by default.
    runner.bench.server.sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
    runner.bench.sql(site, "INSERT INTO `tabCustomer` (name, customer_name, note) VALUES ('ann', 'Ann', 'x')");
    writers = startWriters(runner, [site]);
  });
  after(async () => {
    await writers?.stop();
    for (const each of restarted) await each.stop();
    await runner?.close();
  });

  const note = () => runner.bench.sql(site, "SELECT note FROM `tabCustomer` WHERE name = 'ann'");
  const state = async () => (await runner.ledger()).at(-1)?.state;
  const until = async (holds: () => boolean, what: string) => {
    for (const end = Date.now() + 120_000; !holds(); await sleep(50)) assert.ok(Date.now() < end, what);
  };
  /** Prepares a release of the second version, and begins to migrate it. */
  async function begun(more: More = {}): Promise<Begun> {
    await runner.bench.become("two");
    runner.release(`r${(attempt += 1)}`, { attempt });
    for (const step of ["prepare", "backup"] as const) {
      const { code, output } = await runner.step(step);
      assert.equal(code, 0, output);
    }
    return runner.begin("migrate", more);
  }
  const said = (process: Begun, what: RegExp) => until(() => what.test(process.said()), `${what} in ${process.said()}`);
  async function stands(expected: readonly string[], wanted: string) {
    const now = (await state()) ?? "none";
    assert.ok(expected.includes(now), now);
    assert.equal(note(), wanted);
    assert.equal((await runner.web.ask(site, "/login")).status, 200);
    assert.deepEqual(
      [runner.bench.config(site)["maintenance_mode"], runner.bench.ask("EXISTS", "rq:suspended")],
      [undefined, "0"],
    );
    const before = writers.acknowledged.get(site)?.length ?? 0;
    await until(() => (writers.acknowledged.get(site)?.length ?? 0) > before, "nobody can write");
    assert.deepEqual(writers.lost(site), []);
  }
  const mariadbd = () => Number(readFileSync(runner.bench.server.sql("SELECT @@pid_file").trim(), "utf8"));

  it("waits for a Redis that stands still for some seconds, and goes back when it forgets who is suspended", async () => {
    const migrating = await begun();
    process.kill(runner.bench.redis.pid, "SIGSTOP");
    await sleep(4_000);
    process.kill(runner.bench.redis.pid, "SIGCONT");
    await said(migrating, /no job runs/);
    runner.bench.ask("FLUSHALL");
    const { code, output } = await migrating.ended;
    assert.equal(code, 1, output);
    assert.match(output, /rq:suspended is gone/);
    await stands(["aborted", "rolled_back"], "x");
  });

  it("goes back when the database server stands still for some seconds in a migration that fails", async () => {
    const migrating = await begun({ env: { FIXTURE_PATCH: "half:erpnext.patches.two.p3" } });
    await until(() => runner.bench.sql(site, patched) === "1", "p2 is not there");
    const pid = mariadbd();
    process.kill(pid, "SIGSTOP");
    await sleep(5_000);
    process.kill(pid, "SIGCONT");
    const { code, output } = await migrating.ended;
    assert.equal(code, 1, output);
    await stands(["rolled_back"], "x");
  });

  it("goes back when the database server is killed in a migration and comes back", async () => {
    const migrating = await begun(slow);
    await until(() => runner.bench.sql(site, patched) === "1", "p2 is not there");
    const pid = mariadbd();
    const [program = "", ...rest] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
    process.kill(pid, "SIGKILL");
    await sleep(3_000);
    const ready = { port: runner.bench.server.port };
    restarted.push(await startServer([program, ...rest], { ...nobody, cwd: "/", ready, deadlineMs: 60_000 }));
    const { code, output } = await migrating.ended;
    assert.equal(code, 1, output);
    await stands(["rolled_back"], "x");
  });

  it("is taken over when it stands still in a patch, and writes nothing when it goes on", async () => {
    const stopped = await begun(slow);
    await until(() => runner.bench.sql(site, patched) === "1", "p2 is not there");
    signalAll(stopped, "SIGSTOP");
    passMinute(runner);
    // The frozen patch holds its site's lock file, so that the release can only go back.
    const { failed, output: said } = await upTo(runner, undefined);
    assert.equal(failed, "migrate", said);
    assert.match(said, /LockTimeoutError/);
    await stands(["rolled_back"], "x");
    await wakes(stopped);
    await stands(["rolled_back"], "x");
  });

  it("is taken over when it stands still while it holds a migrated release, and writes nothing when it goes on", async () => {
    const stopped = await begun();
    await said(stopped, /"event":"held"/);
    signalAll(stopped, "SIGSTOP");
    passMinute(runner);
    const { failed, output } = await upTo(runner, undefined);
    assert.equal(failed, undefined, output);
    await stands(["confirmed"], "x-p2-p3a-p3b");
    await wakes(stopped);
    await stands(["confirmed"], "x-p2-p3a-p3b");
  });

  /** Whoever was stopped goes on: it sees that another has taken over, and ends. */
  async function wakes(stopped: Begun) {
    const written = runner.bench.server.sql("SELECT COUNT(*) FROM events", runner.job.ledger);
    signalAll(stopped, "SIGCONT");
    await stopped.ended;
    assert.equal(runner.bench.server.sql("SELECT COUNT(*) FROM events", runner.job.ledger), written);
  }
});
