import assert from "node:assert/strict";
import { checkBlackbox, checkPrometheus, type PrometheusClient, withPrometheus } from "../judges/prometheus.ts";
import { planOf } from "../support/record-stack.ts";
import { stackConfig, stackNames } from "../support/stacks.ts";
import { during } from "./during.ts";
import { containerOf, filesOf, machineOf, startExporter } from "./exporter-stack.ts";
import { until } from "./servers.ts";

const monitored = stackNames.filter((stack) => stackConfig(stack).monitoring.mode === "embedded");
const configPath = "/etc/prometheus/prometheus.yml";

for (const stack of monitored) {
  describe(`live/prometheus: what it and the prober are given (${stack})`, function () {
    this.timeout(5 * 60_000);
    const plan = planOf(stack);

    it("is understood to the last word: configuration, rules and lists of sites", async () => {
      const files = filesOf(plan, containerOf(plan, "prometheus", "prometheus"));
      const { ok, output } = await checkPrometheus(files, configPath);
      assert.ok(ok, output);
      assert.match(output, /[1-9]\d* rules found/);
      assert.doesNotMatch(output, /warning|does not (exist|point)/i);
      const [prober = ""] = Object.values(filesOf(plan, containerOf(plan, "blackbox-exporter", "blackbox-exporter")));
      const blackbox = await checkBlackbox(prober);
      assert.ok(blackbox.ok, blackbox.output);
    });
  });
}

describe("live/prometheus: whom it asks (prod)", function () {
  this.timeout(5 * 60_000);
  const plan = planOf("prod");
  const container = containerOf(plan, "prometheus", "prometheus");
  const files = filesOf(plan, container);
  // A test does not wait for half a minute.
  const soon = (files[configPath] ?? "").replaceAll(/(scrape_interval|scrape_timeout): "\d+s"/g, '$1: "1s"');
  const server = during<PrometheusClient>((use) =>
    withPrometheus(
      container.command,
      {
        files: { ...files, [configPath]: soon },
        machine: machineOf("node_exporter"),
        writable: ["/prometheus", "/tmp", "/volumes/prometheus-data"],
      },
      use,
    ),
  );
  const targets = async (job: string) => (await server().targets()).get(job) ?? [];

  it("keeps series for the declared days, and on seven tenths of the volume", async () => {
    const flags = await server().flags();
    assert.equal(flags["storage.tsdb.retention.time"], "30d");
    // 70 % of 50 GiB.
    assert.match(flags["storage.tsdb.retention.size"] ?? "", /^35(GiB|840MiB)$/);
    assert.equal(flags["web.enable-lifecycle"], "false");
    assert.equal(flags["web.enable-admin-api"], "false");
  });

  it("asks every site by the address that traffic comes in by, with the site's name as Host", async () => {
    await until(async () => (await targets("site")).length > 0);
    const asked = (await targets("site")).map(({ labels, scrapeUrl }) => {
      const { host, pathname, searchParams } = new URL(scrapeUrl);
      const [hostname, module, target] = ["hostname", "module", "target"].map((name) => searchParams.get(name) ?? "");
      return { labels, host, pathname, hostname, module, target };
    });
    const sites = ["books.example.net", "erp.example.com", "shop.example.org"];
    assert.deepEqual(
      asked.toSorted((a, b) => (a.hostname ?? "").localeCompare(b.hostname ?? "")),
      sites.map((site) => ({
        labels: { job: "site", instance: site, site },
        host: "blackbox-exporter:9115",
        pathname: "/probe",
        hostname: site,
        module: "site",
        target: "http://nginx:8082/login",
      })),
    );
  });

  it("asks every domain of every site outside, over TLS, and knows whose it is", async () => {
    await until(async () => (await targets("site-outside")).length > 0);
    const asked = (await targets("site-outside")).map(({ labels, scrapeUrl }) => {
      const target = new URL(scrapeUrl).searchParams.get("target");
      return [labels["host"], labels["site"], target];
    });
    assert.deepEqual(asked.toSorted(), [
      ["books.example.net", "books.example.net", "https://books.example.net/login"],
      ["erp.example.com", "erp.example.com", "https://erp.example.com/login"],
      ["shop.example.org", "shop.example.org", "https://shop.example.org/login"],
      ["www.erp.example.com", "erp.example.com", "https://www.erp.example.com/login"],
    ]);
  });

  it("asks each fixed exporter at its Service, and tells cache and queue apart", async () => {
    const addresses = async (job: string) => (await targets(job)).map(({ labels }) => labels["instance"]).toSorted();
    assert.deepEqual(await addresses("database"), ["database-exporter:9104"]);
    assert.deepEqual(await addresses("backup"), ["backup-exporter:9105"]);
    assert.deepEqual(await addresses("volumes"), ["localhost:9101", "redis-queue:9101", "volume-exporter:9101"]);
    const redis = (await targets("redis")).map(({ labels }) => [labels["role"], labels["instance"]]);
    assert.deepEqual(redis.toSorted(), [
      ["cache", "redis-exporter:9121"],
      ["queue", "redis-exporter:9122"],
    ]);
  });

  it("has the fill of a volume under the name of its claim", async () => {
    const { sandbox, query } = server();
    await startExporter(sandbox, containerOf(plan, "prometheus", "volume-exporter"), "node_exporter");
    const fill = `node_filesystem_avail_bytes{job="volumes"} / node_filesystem_size_bytes`;
    await until(async () => (await query(fill)).length > 0);
    const rows = await query(fill);
    assert.deepEqual(
      rows.map(({ metric }) => metric["volume"]),
      ["prometheus-data"],
    );
    assert.ok(rows.every(({ value }) => value > 0 && value <= 1));
  });
});
