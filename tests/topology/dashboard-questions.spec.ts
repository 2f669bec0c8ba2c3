import assert from "node:assert/strict";
import { overviewDashboard } from "../../topology/monitoring/dashboard.ts";
import { testFacts } from "../judges/alert-cases/case.ts";
import { panelsOf, queriesOf, read, titleOf } from "../judges/dashboard.ts";
import { healthySeries } from "../judges/healthy-series.ts";
import { type RuleTest, testRules } from "../judges/promtool.ts";

/** As Grafana asks with all sites chosen. */
const filledIn = (expr: string) => expr.replaceAll("$__rate_interval", "5m").replaceAll("$site", ".*");

/** JSON is YAML. */
const ruleFile = (rules: readonly { readonly name: string; readonly expr: string }[]) =>
  JSON.stringify({
    groups: [{ name: "panels", rules: rules.map(({ name, expr }) => ({ alert: name, expr })) }],
  });

/** An alert for each question that has no answer. */
const unanswered = (questions: readonly { readonly name: string; readonly expr: string }[]) =>
  ruleFile(questions.map(({ name, expr }) => ({ name, expr: `vector(1) unless on () (${expr})` })));

async function holds(rules: string, test: RuleTest): Promise<void> {
  const { ok, output } = await testRules(rules, [test]);
  assert.ok(ok, output);
}

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`topology/monitoring: the overview's questions, asked of Prometheus (${engine})`, function () {
    this.timeout(60_000);
    const facts = testFacts(engine);
    const questions = panelsOf(read(overviewDashboard(facts))).flatMap((panel) =>
      queriesOf(panel).map(({ refId, expr }) => ({ name: `${titleOf(panel)} ${refId}`, expr: filledIn(expr) })),
    );
    // What fires is a series too; only while nothing fires there is none.
    const ofAlerts = ["What fires A", "Alerts firing A"];
    const others = questions.filter(({ name }) => !ofAlerts.includes(name));

    it("each have an answer while all is well", async () => {
      const expect = Object.fromEntries(others.map(({ name }) => [name, []]));
      await holds(unanswered(others), { name: "all is well", series: healthySeries(facts), at: 60, expect });
    });

    it("each have none, and no zero either, when nothing is collected", async () => {
      const expect = Object.fromEntries(others.map(({ name }) => [name, [{ labels: {}, annotations: {} }]]));
      await holds(unanswered(others), { name: "nothing is collected", series: {}, at: 60, expect });
    });

    it("count the alerts that fire without the one that always does", async () => {
      const { expr } = questions.find(({ name }) => name === "Alerts firing A") ?? assert.fail();
      const watchdog = { name: "Watchdog", expr: "vector(1)" };
      // It counts itself too, once it fires.
      const some = { name: "Some", expr: `(${expr}) >= 1` };
      const test = { name: "Watchdog alone", series: {}, at: 5 };
      await holds(ruleFile([watchdog, some]), { ...test, expect: { Some: [] } });
      const told = [{ labels: {}, annotations: {} }];
      const other = { name: "Other", expr: "vector(1)" };
      await holds(ruleFile([watchdog, other, some]), { ...test, name: "and another", expect: { Some: told } });
    });
  });
}
