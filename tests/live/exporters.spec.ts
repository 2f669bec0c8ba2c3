import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { monitoringFacts } from "../../topology/monitoring/facts.ts";
import { stackConfig } from "../support/stacks.ts";
import * as exporters from "./exporters.ts";
import { type Sample, valueOf } from "./metrics.ts";

const one = (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number => {
  const value = valueOf(samples, name, labels);
  assert.ok(value !== undefined, `no ${name} ${JSON.stringify(labels)}`);
  return value;
};
const named = (samples: readonly Sample[], name: string) => samples.filter((sample) => sample.name === name);

describe("live/exporters", function () {
  this.timeout(10 * 60_000);

  it("a node tells its name, memory, processors and the fill of its containers' disk, and nothing of a pod's network", async () => {
    const samples = await exporters.withNodeExporter(({ metrics }) => metrics());
    assert.equal(one(samples, "frappe_node_info", { node: "node-7.example.com" }), 1);
    const memory = one(samples, "node_memory_MemTotal_bytes");
    assert.ok(memory > 2 ** 28 && one(samples, "node_memory_MemAvailable_bytes") < memory);
    assert.ok(named(samples, "node_cpu_seconds_total").some(({ labels }) => labels["mode"] === "idle"));
    assert.deepEqual(
      named(samples, "node_filesystem_avail_bytes").map(({ labels }) => labels["mountpoint"]),
      ["/"],
    );
    assert.ok(one(samples, "node_load1") >= 0);
    assert.deepEqual(
      samples.filter(({ name }) => /^node_(network|netstat|uname|hwmon)/.test(name)),
      [],
    );
  });

  for (const [workload, claims] of Object.entries({
    mariadb: ["mariadb-data"],
    "redis-queue": ["redis-queue-data"],
    prometheus: ["prometheus-data"],
    "volume-exporter": ["sites", "backups"],
  })) {
    it(`a volume's fill is told by its claim's name beside ${workload}, and no other file system's`, async () => {
      const samples = await exporters.withVolumeExporter(workload, ({ metrics }) => metrics());
      for (const name of ["node_filesystem_size_bytes", "node_filesystem_avail_bytes"]) {
        const mounts = named(samples, name).map(({ labels }) => labels["mountpoint"]);
        assert.deepEqual(mounts.toSorted(), claims.map((claim) => `/volumes/${claim}`).toSorted());
      }
    });
  }

  it("nginx is counted, and each request by one", async () => {
    await exporters.withNginxExporters("dev", async ({ counters, request }) => {
      const before = await counters();
      assert.equal(one(before, "nginx_up"), 1);
      for (const path of ["/a", "/b", "/c"]) await request({ port: 8080, path, headers: { Host: "none.example.com" } });
      const seen = one(await counters(), "nginx_http_requests_total") - one(before, "nginx_http_requests_total");
      // The exporter's own question is one too.
      assert.equal(seen, 4);
    });
  });

  it("a site that answers is well or closed by Frappe's own word, one that sends elsewhere is not, and the answer's code says which", async () => {
    const sites = monitoringFacts(stackConfig("prod")).sites;
    const asked = async (status: number, headers: Readonly<Record<string, string>> = {}) =>
      exporters.withNginxExporters(
        "prod",
        ({ probe }) =>
          Promise.all(
            sites.map((site) =>
              probe(`/probe?module=site&target=${encodeURIComponent("http://nginx:8082/login")}&hostname=${site}`),
            ),
          ),
        { "/login": { status, headers } },
      );
    for (const [status, well, headers] of [
      [200, 1, { "X-Page-Name": "login" }],
      [503, 1, { "X-Page-Name": "message" }],
      [503, 0, {}],
      [500, 0, { "X-Page-Name": "message" }],
      [301, 0, { Location: "https://elsewhere.example.com/", "X-Page-Name": "login" }],
    ] as const) {
      const answers = await asked(status, headers);
      assert.equal(answers.length, sites.length);
      for (const samples of answers) {
        assert.equal(one(samples, "probe_success"), well);
        assert.equal(one(samples, "probe_http_status_code"), status);
      }
    }
  });

  it("a name that is no site's gets no answer, so it is not well", async () => {
    const samples = await exporters.withNginxExporters("dev", ({ probe }) =>
      probe("/probe?module=site&target=http%3A%2F%2Fnginx%3A8082%2Flogin&hostname=stranger.example.com"),
    );
    assert.equal(one(samples, "probe_success"), 0);
    assert.equal(one(samples, "probe_http_status_code"), 0);
  });

  it("asked from outside, a site is well over TLS with a certificate of its name, whose end is told", async () => {
    const host = "erp.example.com";
    await exporters.withPublicAddress([host], host, 200, async (probe, certificate) => {
      const samples = await probe();
      assert.equal(one(samples, "probe_success"), 1);
      const end = Date.parse(new X509Certificate(certificate).validTo) / 1000;
      assert.equal(one(samples, "probe_ssl_earliest_cert_expiry"), end);
    });
  });

  it("asked from outside, another's certificate, a bad answer and a plain one are not well", async () => {
    const other = await exporters.withPublicAddress(["other.example.com"], "erp.example.com", 200, (probe) => probe());
    const bad = await exporters.withPublicAddress(["erp.example.com"], "erp.example.com", 502, (probe) => probe());
    const plain = await exporters.withNginxExporters(
      "dev",
      ({ probe }) =>
        probe("/probe?module=site-outside&target=http%3A%2F%2Fnginx%3A8082%2Flogin&hostname=erp.dev.example.com"),
      { "/login": { status: 200, headers: { "X-Page-Name": "login" } } },
    );
    for (const samples of [other, bad, plain]) assert.equal(one(samples, "probe_success"), 0);
    assert.equal(one(plain, "probe_http_status_code"), 200);
  });
});
