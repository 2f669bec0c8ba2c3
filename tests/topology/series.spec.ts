import assert from "node:assert/strict";
import { backupMetricNames } from "../../constants/backup-metrics.ts";
import { catalogue } from "../../topology/monitoring/series.ts";
import { selectorsOf } from "../judges/promql.ts";
import { seriesProblems } from "../judges/series.ts";

const problems = (expression: string) => seriesProblems("panel Depth", expression, "mariadb");

describe("topology/monitoring: the catalogue of series", () => {
  it("refuses a series that no exporter has, with the panel and the one that was likely meant", () => {
    assert.deepEqual(problems('mysql_global_status_thread_connected{job="database"}'), [
      "panel Depth: unknown series mysql_global_status_thread_connected of database; did you mean mysql_global_status_threads_connected?",
    ]);
  });

  it("refuses a series of the other engine", () => {
    assert.match(String(problems('pg_up{job="database"}')), /unknown series pg_up of database/);
  });

  it("refuses a series that another job has", () => {
    assert.match(String(problems('mysql_up{job="redis"}')), /unknown series mysql_up of redis/);
  });

  it("refuses an unknown job, and a series without one", () => {
    assert.match(
      String(problems('mysql_up{job="databse"}')),
      /unknown job "databse" of mysql_up; did you mean database\?/,
    );
    assert.match(String(problems("rate(mysql_global_status_queries[5m])")), /without its job/);
    assert.match(String(problems('mysql_up{job=~"data.*"}')), /without its job/);
  });

  it("refuses a label that a series has not", () => {
    assert.match(
      String(problems('redis_up{job="redis", rol="queue"}')),
      /unknown label rol of redis_up; did you mean role\?/,
    );
  });

  it("finds a mistake wherever it hides: in a subquery, an absent(), a join, behind an offset", () => {
    for (const hidden of [
      "max_over_time(rate(nope{X}[5m])[1h:1m])",
      "absent(nope{X})",
      'up{job="redis"} * on (instance) group_left (node) (up or nope{X})',
      "sum by (job) (nope{X} offset 1h)",
      'label_replace(nope{X}, "a", "$1", "b", "nope2{}")',
      "histogram_quantile(0.9, sum(rate(nope{X}[$__rate_interval])) by (le))",
    ]) {
      const [problem, ...more] = problems(hidden.replace("X", 'job="redis"'));
      assert.match(String(problem), /unknown series nope of redis/, hidden);
      assert.deepEqual(more, [], hidden);
    }
  });

  it("takes no word for a series that is a label, a function or a text", () => {
    const text = 'label_replace(sum by (role) (redis_up{job="redis"}), "nope", "nope{}", "role", "(.+)") > bool 0';
    assert.deepEqual(
      selectorsOf(text).map(({ series }) => series),
      ["redis_up"],
    );
    assert.deepEqual(problems(text), []);
  });

  it("says where an expression is no PromQL", () => {
    assert.throws(() => selectorsOf("rate(mysql_up[5m)"), /no PromQL at character/);
    assert.throws(() => selectorsOf('{job="redis"}'), /without the name of a series/);
  });

  it("has every series of the backup exporter", () => {
    assert.deepEqual(Object.keys(catalogue("postgres").backup).sort(), [...backupMetricNames].sort());
  });
});
