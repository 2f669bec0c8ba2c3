import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Context } from "../../backup/context.ts";
import type { ReleaseCheck, ReleaseJob } from "../../release/job.ts";
import { runChecks } from "../../release/real/checks.ts";
import { checksMade } from "./support/checks.ts";
import { upTo } from "./support/kills.ts";
import { type More, type Runner, startRunner } from "./support/runner.ts";

/** Users' own, and one for tests. */
const [site, lab] = ["a.test", "lab.test"];
const recorded = "SELECT COUNT(*) FROM `tabNote` WHERE title = 'a test record'";

const command = (name: string, ...args: string[]): ReleaseCheck => ({
  name,
  kind: "bench",
  site: lab,
  limit: 60,
  args,
});
const tests = command("tests", "run-tests", "--app", "erpnext");

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release: checks of the stack's own (${engine})`, function () {
    this.timeout(300_000);
    let runner: Runner;
    let folder: string;
    let attempt = 1;
    let stood: readonly Record<string, string>[];

    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), "release-checks-"));
      chmodSync(folder, 0o755);
      runner = await startRunner(engine);
      for (const name of [site, lab]) runner.declare(name);
      const { failed, output } = await upTo(runner, undefined);
      assert.equal(failed, undefined, output);
      await runner.bench.become("two");
    });
    after(async () => {
      rmSync(folder, { recursive: true, force: true });
      await runner?.close();
    });
    beforeEach(() => {
      runner.release(`r${(attempt += 1)}`, { attempt });
      stood = content();
    });
    afterEach("no configuration allows tests, and no output shows a secret", () => {
      for (const name of [site, lab]) assert.equal("allow_tests" in runner.bench.config(name), false, name);
      for (const secret of runner.secrets()) assert.ok(!runner.said().includes(secret));
    });

    const content = () => [site, lab].map((name) => runner.content(name));
    const script = (name: string, ...lines: string[]): ReleaseCheck => {
      const file = path.join(folder, `${name}.py`);
      writeFileSync(file, lines.join("\n"));
      return { name, kind: "script", site, limit: 60, file };
    };
    const withChecks = (checks: readonly ReleaseCheck[], hold?: number): More["change"] & {} => {
      return (job: ReleaseJob) => ({ ...job, checks, limits: { ...job.limits, ...(hold !== undefined && { hold }) } });
    };
    const last = async () => (await runner.ledger()).at(-1);
    const events = () => checksMade(runner, `r${attempt}`);

    it("put the release back when some fail, name each, and make them all", async () => {
      const checks = [
        tests,
        command("untested", "run-tests", "--app", "frappe"),
        command("unknown", "no-such-command"),
        script("leaks", `raise Exception("password " + frappe.conf["db_password"])`),
        script("rights", "import sys", `sys.exit("a guest may write")`),
        script("good", "pass"),
      ];
      const { failed, ran } = await runner.up({ change: withChecks(checks), env: { FIXTURE_TEST: "fail" } });
      assert.equal(failed, "verify", ran.output);
      const { state, reason = "" } = (await last()) ?? {};
      assert.equal(state, "rolled_back", reason);
      assert.match(
        reason,
        /check tests failed: bench run-tests of lab\.test ended with 1: AssertionError: .*; in apps\/erpnext\/.*, line \d+/,
      );
      assert.match(reason, /check untested failed: bench run-tests of lab\.test ended well without a test/);
      assert.match(reason, /check unknown failed: bench no-such-command of lab\.test ended with 2: .*No such command/);
      assert.match(
        reason,
        /check leaks failed: its script on a\.test ended with 1: Exception: password \*\*\*; in .*leaks\.py, line 1/,
      );
      assert.match(reason, /check rights failed: its script on a\.test ended with 1: a guest may write/);
      assert.doesNotMatch(reason, /check good/);
      assert.deepEqual(
        events().map(({ name, ok }) => [name, ok]),
        [...["tests", "untested", "unknown", "leaks", "rights"].map((name) => [name, false]), ["good", true]],
      );
      assert.deepEqual(content(), stood);
      for (const name of [site, lab]) assert.equal((await runner.web.ask(name, "/login")).status, 200);
    });

    if (engine === "mariadb") {
      it("end at their time limit, and put the release back", async () => {
        const slow = { FIXTURE_TEST: "slow=120" };
        const hangs = { ...script("hangs", "import time", "time.sleep(120)"), limit: 2 };
        const { failed, ran } = await runner.up({ change: withChecks([{ ...tests, limit: 3 }, hangs]), env: slow });
        assert.equal(failed, "verify", ran.output);
        const { state, reason = "" } = (await last()) ?? {};
        assert.equal(state, "rolled_back");
        assert.match(reason, /check tests failed: bench run-tests of lab\.test was ended at its time limit/);
        assert.match(reason, /check hangs failed: its script on a\.test was ended at its time limit/);
        assert.deepEqual(content(), stood);
      });

      it("are ended when the release goes back without them, and write nothing more", async () => {
        const { failed, held } = await runner.up({
          change: withChecks([tests, script("never", "pass")], 8),
          env: { FIXTURE_TEST: "slow=120" },
        });
        assert.equal(failed, "verify");
        assert.match(held?.output ?? "", /nobody verified the new set within its time/);
        assert.equal((await last())?.state, "rolled_back");
        assert.deepEqual(events(), []);
        assert.deepEqual(content(), stood);
      });
    }

    it("let it stand when they are good, killed in one and made again, and what scripts write is gone", async () => {
      const rights = script(
        "rights",
        `assert frappe.db.conf["db_type"] == "${engine}"`,
        `frappe.db.insert("Note", {"title": "of a script"})`,
        "frappe.db.commit()",
        `assert frappe.db.sql("SELECT COUNT(*) FROM \`tabNote\` WHERE title = 'of a script'")[0][0] == 1`,
      );
      const change = withChecks([rights, tests]);
      const inTests = () => runner.bench.sql(lab, recorded) === "1";
      const killed = await upTo(runner, inTests, { change, env: { FIXTURE_TEST: "slow=120" } });
      assert.ok(killed.killed, killed.output);
      const { failed, output } = await upTo(runner, undefined, { change });
      assert.equal(failed, undefined, output);
      assert.equal((await last())?.state, "confirmed");
      assert.deepEqual(
        events().map(({ name, site: of, ok }) => [name, of, ok]),
        [
          ["rights", site, true],
          ["rights", site, true],
          ["tests", lab, true],
        ],
      );
      assert.equal(runner.bench.sql(site, "SELECT COUNT(*) FROM `tabNote`"), "0");
      assert.equal(runner.bench.sql(lab, recorded), "2");
      assert.match(output, /check tests is good, after \d/);
    });
  });
}

describe("release: checks of a release that goes back on purpose", () => {
  it("are left out: what comes back has stood before them", async () => {
    const job = { release: { id: "r3", rollbackTo: "r1" }, checks: [tests] } as unknown as ReleaseJob;
    const context = { signal: new AbortController().signal } as Context;
    const ledger = {
      release: () => Promise.reject(new Error("asked for its state")),
      ask: () => Promise.reject(new Error("wrote")),
      events: () => Promise.reject(new Error("asked for its events")),
    };
    assert.equal(await runChecks(context, job, ledger), undefined);
  });
});
