import assert from "node:assert/strict";
import { catalogue, type Job, targetLabels } from "../../topology/monitoring/series.ts";
import { nearest } from "../judges/promql.ts";
import { withPrometheus } from "../judges/prometheus.ts";
import { withSandbox } from "../judges/sandbox/sandbox.ts";
import { planOf } from "../support/record-stack.ts";
import { findTool, requireTool } from "../support/tools.ts";
import { containerOf, filesOf } from "./exporter-stack.ts";
import { type Sample, scrape, valueOf } from "./metrics.ts";
import { until } from "./servers.ts";
import { type LiveJob, type LiveSeries, liveSeries } from "./series.ts";

type Engine = Parameters<typeof catalogue>[0];

/** Labels that Prometheus gives a series after the exporter's answer (topology/monitoring/scrape.ts). */
const relabelled = new Set(["volume", ...Object.values(targetLabels).flat()]);

/** What of the catalogue a running exporter has not. */
function notThere(job: Job, engine: Engine, live: LiveSeries): string[] {
  return Object.entries(catalogue(engine)[job]).flatMap(([series, labels]) => {
    const found = live.get(series);
    if (found === undefined) {
      return [`${job} has no ${series}; the nearest is ${nearest(series, [...live.keys()])}`];
    }
    return labels
      .filter((label) => !found.has(label) && !relabelled.has(label))
      .map((label) => `${series} of ${job} has no label ${label}, but ${[...found].join(", ")}`);
  });
}

const byName = (samples: readonly Sample[]): LiveSeries =>
  new Map(
    samples.map(({ name }) => [
      name,
      new Set(samples.filter((sample) => sample.name === name).flatMap(({ labels }) => Object.keys(labels))),
    ]),
  );

describe("live/series: what alerts and panels ask for is what running exporters have", function () {
  this.timeout(10 * 60_000);

  const asked: readonly (readonly [LiveJob, Engine])[] = [
    ["node", "mariadb"],
    ["volumes", "mariadb"],
    ["redis", "mariadb"],
    ["nginx", "mariadb"],
    ["requests", "mariadb"],
    ["site", "mariadb"],
    ["site-outside", "mariadb"],
    ["database", "mariadb"],
    ["database", "postgres"],
  ];
  for (const [job, engine] of asked) {
    it(`${job}${job === "database" ? ` (${engine})` : ""}`, async () => {
      assert.deepEqual(notThere(job, engine, await liveSeries(job, engine)), []);
    });
  }

  it("prometheus", async () => {
    const plan = planOf("prod");
    const container = containerOf(plan, "prometheus", "prometheus");
    const box = { files: filesOf(plan, container), writable: ["/prometheus", "/tmp"] };
    const samples = await withPrometheus(container.command, box, async ({ sandbox }) => {
      // It counts by Alertmanager, once it has found one.
      await until(
        async () => valueOf(await scrape(sandbox, 9090), "prometheus_notifications_alertmanagers_discovered") === 1,
      );
      return scrape(sandbox, 9090);
    });
    assert.deepEqual(notThere("prometheus", "mariadb", byName(samples)), []);
  });

  it("alertmanager, before it has told anybody anything", async () => {
    const name = "prometheus-alertmanager";
    // They come in one package.
    requireTool("amtool");
    const program = findTool(name) ?? assert.fail(`${name} is missing`);
    const config = "/etc/alertmanager/alertmanager.yml";
    const box = {
      files: { [config]: 'route: { receiver: "null" }\nreceivers: [{ name: "null" }]\n' },
      writable: ["/tmp"],
    };
    const argv = [program, `--config.file=${config}`, "--storage.path=/tmp", "--cluster.listen-address="];
    const samples = await withSandbox(box, async (sandbox) => {
      await sandbox.start(argv, { ready: { port: 9093 } });
      return scrape(sandbox, 9093);
    });
    assert.deepEqual(notThere("alertmanager", "mariadb", byName(samples)), []);
  });

  it("finds a series that is not there, and says which is near", () => {
    const live: LiveSeries = new Map([["pg_upp", new Set<string>()]]);
    assert.match(notThere("database", "postgres", live).join("\n"), /database has no pg_up; the nearest is pg_upp/);
  });
});
