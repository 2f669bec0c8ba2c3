import assert from "node:assert/strict";
import { alertRules, alertsOf, jobsOf } from "../../topology/monitoring/rules.ts";
import { renderRules, runbook, select } from "../../topology/monitoring/rules/rule.ts";
import { alertCases } from "../judges/alert-cases.ts";
import { testFacts } from "../judges/alert-cases/case.ts";
import { changed, expected, ruleOf, ruleTest } from "../judges/alerts.ts";
import { selectorsOf } from "../judges/promql.ts";
import { stackConfig, stackNames } from "../support/stacks.ts";
import { monitoringFacts } from "../../topology/monitoring/facts.ts";
import { seriesProblems } from "../judges/series.ts";
import { checkRules, type RuleTest, type SeriesValues, testRules } from "../judges/promtool.ts";

const engines = ["mariadb", "postgres"] as const;
async function holds(rules: string, tests: readonly RuleTest[]): Promise<void> {
  const { ok, output } = await testRules(rules, tests);
  assert.ok(ok, output);
}

for (const engine of engines) {
  describe(`topology/monitoring: alerts of a stack with ${engine}`, function () {
    this.timeout(120_000);
    const facts = testFacts(engine);
    const rules = alertRules(facts);
    const alerts = alertsOf(facts);
    const cases = alertCases(engine);

    it("are a file that promtool takes, without a warning", async () => {
      const { ok, output } = await checkRules(rules);
      assert.ok(ok, output);
      assert.match(output, new RegExp(`${alerts.length} rules found`));
    });

    it("each have a test that makes them fire and one that does not", () => {
      assert.deepEqual(Object.keys(cases).sort(), alerts.map(({ name }) => name).sort());
      const neverSilent = Object.entries(cases).filter(([, { silent }]) => Object.keys(silent).length === 0);
      assert.deepEqual(
        neverSilent.map(([name]) => name),
        ["Watchdog"],
      );
    });

    it("are silent while all is well, but for the one that always fires", async () => {
      const quiet = Object.fromEntries(alerts.map(({ name }) => [name, []]));
      const always = expected(ruleOf(facts, "Watchdog"), { labels: {}, summary: "Alerts are evaluated and sent" });
      const expect = { ...quiet, Watchdog: [always] };
      await holds(rules, [{ name: "all is well", series: changed(facts, {}), at: 75, expect }]);
    });

    // The other rules are the same for both engines.
    const tested = Object.entries(cases).filter(([name]) => engine === "mariadb" || name.startsWith("Database"));
    for (const [name, { fires, silent }] of tested) {
      const rule = ruleOf(facts, name);
      const alone = renderRules("alone", [rule]);

      it(`${name} fires when it must, with words that say which one`, async () => {
        await holds(
          alone,
          fires.map((firing) => ruleTest(name, changed(facts, firing.change), name, [expected(rule, firing)])),
        );
      });
      if (Object.keys(silent).length > 0) {
        it(`${name} is silent at the bound: ${Object.keys(silent).join("; ")}`, async () => {
          await holds(
            alone,
            Object.entries(silent).map(([why, change]) => ruleTest(why, changed(facts, change), name, [])),
          );
        });
      }
    }

    it("are not silent for want of a series: each that they stand on is missed when it is gone", async () => {
      const rule = ruleOf(facts, "SeriesMissing");
      const all = alerts.flatMap(({ watches }) => watches);
      const watched = engine === "mariadb" ? all : all.filter((selector) => selector.includes('job="database"'));
      const targets = jobsOf(facts).map((job) => select(job, "up"));
      const tests = [...new Set([...watched, ...targets])].map((selector) => {
        const { series, matchers } = selectorsOf(selector)[0] ?? assert.fail(selector);
        const labels = Object.fromEntries(Object.entries(matchers).map(([label, { value }]) => [label, value]));
        const summary = `There is no series ${series} of ${labels["job"]}`;
        const alert = expected(rule, { labels: { ...labels, series }, summary });
        return { ...ruleTest(selector, without(changed(facts, {}), series, labels), rule.name, [alert]), at: 15 };
      });
      await holds(renderRules("alone", [rule]), tests);
    });

    it("stand on no series that nobody would miss", () => {
      for (const { name, expr, watches } of alerts) {
        const own = (text: string) =>
          selectorsOf(text).map(({ series, matchers }) => `${matchers["job"]?.value}: ${series}`);
        const watched = new Set([...watches.flatMap(own), "node: frappe_node_info"]);
        const read = own(expr).filter((selector) => !selector.endsWith(": up"));
        if (name === "SeriesMissing") continue;
        assert.deepEqual(
          read.filter((selector) => !watched.has(selector)),
          [],
          `${name} reads what it does not watch`,
        );
      }
    });

    it("miss every queue and every volume, not only all of them", () => {
      const { expr } = ruleOf(facts, "SeriesMissing");
      for (const { key, failed, workers } of facts.queues) {
        for (const name of [key, failed, workers]) assert.ok(expr.includes(JSON.stringify(name)), name);
      }
      for (const volume of facts.volumes) assert.ok(expr.includes(`volume=${JSON.stringify(volume)}`), volume);
    });
  });
}

/** The series without those of this name that have these labels. */
function without(series: SeriesValues, name: string, labels: Readonly<Record<string, string>>): SeriesValues {
  const gone = (key: string) =>
    key.startsWith(`${name}{`) && Object.entries(labels).every(([label, value]) => key.includes(`${label}="${value}"`));
  const left = Object.entries(series).filter(([key]) => !gone(key));
  assert.ok(left.length < Object.keys(series).length, `${name} is not among the healthy series`);
  return Object.fromEntries(left);
}

describe("topology/monitoring: alerts", () => {
  const facts = testFacts("mariadb");

  it("fire for a dead man's switch even where nothing is collected", async () => {
    const rule = ruleOf(facts, "Watchdog");
    const alert = expected(rule, { labels: {}, summary: "Alerts are evaluated and sent" });
    await holds(alertRules(facts), [ruleTest("nothing is collected", {}, "Watchdog", [alert])]);
  });

  it("are the same for both engines, but for the database's own and the list of what is missed", () => {
    const others = (engine: (typeof engines)[number]) =>
      alertsOf(testFacts(engine)).filter(({ name }) => !name.startsWith("Database") && name !== "SeriesMissing");
    assert.deepEqual(others("mariadb"), others("postgres"));
  });

  it("wait for a second bad answer, however seldom sites are asked", () => {
    const seldom = { ...facts, siteInterval: 240 };
    assert.equal(ruleOf(seldom, "SiteDown").for, "480s");
    assert.equal(ruleOf(seldom, "SiteDownOutside").for, "480s");
    assert.equal(ruleOf(facts, "SiteDownOutside").for, "300s");
  });

  it("are no more for a thousand sites than for two", () => {
    const sites = Array.from({ length: 1000 }, (_, index) => `s${index}.example.com`);
    assert.equal(alertRules({ ...facts, sites }), alertRules(facts));
  });

  it("name their section in the operators' guide", () => {
    assert.equal(runbook("DatabaseConnectionsHigh"), "docs/operations.md#database-connections-high");
    const anchors = alertsOf(facts).map(({ name }) => runbook(name));
    assert.equal(new Set(anchors).size, anchors.length);
  });

  it("ask nobody outside where the stack file names no address outside", () => {
    const inner = alertsOf({ ...facts, outside: false });
    assert.ok(!inner.some(({ name }) => name === "SiteDownOutside" || name === "CertificateEnds"));
    assert.ok(!alertRules({ ...facts, outside: false }).includes("site-outside"));
  });

  it("watch no volumes where none are ours", async () => {
    const rules = alertRules({ ...facts, volumes: [] });
    assert.ok(!rules.includes('job="volumes"'));
    assert.ok((await checkRules(rules)).ok);
  });
});

describe("topology/monitoring: alerts of the committed stacks", () => {
  for (const stack of stackNames) {
    it(`${stack}: promtool takes the rules, and each series is one that an exporter has`, async () => {
      const config = stackConfig(stack);
      const facts = monitoringFacts(config);
      const { ok, output } = await checkRules(alertRules(facts));
      assert.ok(ok, output);
      const problems = alertsOf(facts).flatMap(({ name, expr }) => seriesProblems(`alert ${name}`, expr, facts.engine));
      assert.deepEqual(problems, []);
    });
  }
});
