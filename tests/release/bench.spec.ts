import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { literal } from "../../release/bench/commands.ts";
import { BenchFailure, kindOf, read, tellable } from "../../release/bench/failure.ts";
import type { ReleaseSiteSpec } from "../../release/job.ts";
import { type SitesBench, startSitesBench } from "./support/sites.ts";

const python = (last: string, file = "/home/frappe/frappe-bench/apps/erpnext/erpnext/patches/p3.py") =>
  [
    "some warning",
    "Traceback (most recent call last):",
    '  File "/usr/lib/python3.11/runpy.py", line 198, in _run_module_as_main',
    "    exec(code)",
    `  File "${file}", line 12, in execute`,
    '    frappe.db.sql("UPDATE `tabCustomer` SET note = %s", "a row")',
    last,
  ].join("\n");

describe("release/bench: what a failed command says", () => {
  it("is the exception and where it was raised, with the patch that ran", () => {
    const said = read(
      "Migrating a.test\nExecuting erpnext.patches.p3 in a.test (db)\n",
      python("frappe.PatchError: no company\n"),
    );
    const failure = new BenchFailure("bench migrate of a.test", "exit", 1, said);
    assert.equal(
      failure.message,
      "bench migrate of a.test ended with 1: frappe.PatchError: no company; in apps/erpnext/erpnext/patches/p3.py, line 12; " +
        "while it said: Executing erpnext.patches.p3 in a.test (db)",
    );
  });

  it("quotes no row and no statement that a database's error is about", () => {
    const told = [
      python(`pymysql.err.IntegrityError: (1062, "Duplicate entry 'secret one' for key 'PRIMARY'")`),
      python(
        `psycopg2.errors.UniqueViolation: duplicate key value violates unique constraint "k"\nDETAIL:  Key (a)=(secret two) already exists.`,
      ),
      `ERROR 1064 (42000) at line 3: near 'secret three'`,
      `DETAIL:  Key (a)=(secret four) already exists.`,
      `INSERT INTO t VALUES ('secret five')`,
      python(`MySQLdb.OperationalError: (1366, "Incorrect value: 'secret \\' six' for column")`),
    ].map((stderr) => read("", stderr).cause);
    for (const text of told) assert.equal(text.includes("secret"), false, text);
    assert.match(told[0] ?? "", /^pymysql\.err\.IntegrityError: \(1062, …\)$/);
    assert.match(told[1] ?? "", /^psycopg2\.errors\.UniqueViolation: duplicate key value/);
  });

  it("is short, whatever a document is called, and the last of a traceback that caused another", () => {
    assert.equal(tellable("x".repeat(9_000)).length, 400);
    const two = `${python("KeyError: 'first'")}\n\nDuring handling of the above exception, another exception occurred:\n\n${python("ValueError: second")}`;
    assert.equal(read("", two).cause, "ValueError: second");
  });

  it("is what stood last on stdout or stderr where there is no traceback", () => {
    const { cause, where, during } = read(
      "Service redis_cache is not running.\nCannot run bench migrate\n",
      "oops\n\n",
    );
    assert.deepEqual([cause, where, during], ["oops", "", "Cannot run bench migrate"]);
  });

  it("tells a kill and the time limit from an exit", () => {
    const ended = { stdout: "", stderr: "", late: false };
    assert.deepEqual(
      [kindOf({ ...ended, code: 1 }), kindOf({ ...ended, code: null }), kindOf({ ...ended, code: null, late: true })],
      ["exit", "killed", "late"],
    );
  });

  it("is preceded by values in Python's writing, which `execute` evaluates", () => {
    assert.equal(literal([true, null, 1, 'a"b', { on: [false] }]), '[True, None, 1, "a\\"b", {"on": [False]}]');
  });
});

describe("release/bench: commands on a bench", function () {
  this.timeout(120_000);
  let suite: SitesBench;
  let site: ReleaseSiteSpec;
  before(async () => {
    suite = await startSitesBench("mariadb");
    site = suite.declare("a.test", { apps: ["frappe"] });
    for (const verb of ["create", "keep"] as const) {
      const outcome = await suite.run(verb, site);
      assert.equal(outcome.code, 0, outcome.output);
    }
  });
  after(() => suite?.close());
  const sql = (text: string) => suite.bench.sql(site.name, text);
  const failed = async (...[verb, more]: [Parameters<SitesBench["run"]>[0], Parameters<SitesBench["run"]>[2]?]) => {
    const outcome = await suite.run(verb, site, more);
    assert.equal(outcome.code, 1, outcome.output);
    return outcome.problem;
  };
  const must = async (...[verb, more]: [Parameters<SitesBench["run"]>[0], Parameters<SitesBench["run"]>[2]?]) => {
    const outcome = await suite.run(verb, site, more);
    assert.equal(outcome.code, 0, outcome.output);
    return outcome.result;
  };

  it("install apps, switch the scheduler, and call functions with values as they are", async () => {
    await must("installApp", { args: ["erpnext"] });
    assert.deepEqual(await must("execute", { args: ["frappe.get_installed_apps"] }), ["frappe", "erpnext"]);
    await must("schedulerOff");
    const enabled = "SELECT value FROM `tabSingles` WHERE field = 'enable_scheduler'";
    assert.equal(sql(enabled), "0");
    await must("schedulerOn");
    assert.equal(sql(enabled), "1");
    const odd = `O'Brien "x" \\ %s; $(true)`;
    await must("execute", { args: ["frappe.db.insert", '"Note"', JSON.stringify({ title: odd })] });
    assert.equal(sql("SELECT HEX(title) FROM `tabNote`"), Buffer.from(odd).toString("hex").toUpperCase());
  });

  it("migrate to the new version without queuing the search index", async () => {
    await suite.bench.become("two");
    await must("migrate");
    assert.equal(sql("SELECT COUNT(*) FROM `tabPatch Log` WHERE patch LIKE 'erpnext.patches.two.%'"), "4");
    assert.equal(suite.bench.ask("LLEN", "rq:queue:fixture:long"), "0");
    await must("clearCache");
  });

  it("look at sites with one web, begun again where it was killed, and gone at its end", async () => {
    assert.deepEqual(await must("candidates"), { same: true, wasUp: true, isUp: false });
  });

  it("skip no patch that fails, and tell which one it was", async () => {
    sql("DELETE FROM `tabPatch Log` WHERE patch = 'erpnext.patches.two.p3'");
    const file = suite.bench.siteFile(site.name, "site_config.json");
    const config = suite.bench.config(site.name);
    writeFileSync(file, JSON.stringify({ ...config, fixture_patch: "fail:erpnext.patches.two.p3" }));
    assert.match(await failed("migrate"), /^bench migrate of a\.test ended with 1: .*; in apps\/.*, line \d+/);
    assert.equal(sql("SELECT COUNT(*) FROM `tabPatch Log` WHERE patch = 'erpnext.patches.two.p3'"), "0");
    writeFileSync(file, JSON.stringify({ ...config, fixture_patch: "slow:erpnext.patches.two.p3=60" }));
    const limits = { ...suite.job.limits, migrate: 3 };
    assert.match(
      await failed("migrate", { job: { ...suite.job, limits } }),
      /^bench migrate of a\.test was ended at its time limit/,
    );
    writeFileSync(file, JSON.stringify(config));
    await must("migrate");
  });

  it("tell of a site that does not exist, and of an app whose code is gone", async () => {
    const nobody = await suite.run("migrate", { ...site, name: "nope.test" });
    assert.match(nobody.problem, /^bench migrate of nope\.test ended with 1: nope\.test does not exist!/);
    rmSync(path.join(suite.bench.folder, "apps/erpnext"), { recursive: true });
    assert.match(await failed("migrate"), /ModuleNotFoundError: No module named 'erpnext'/);
  });
});
