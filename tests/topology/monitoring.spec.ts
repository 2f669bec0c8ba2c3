import assert from "node:assert/strict";
import { parse } from "yaml";
import type { StackConfig } from "../../config/stack.ts";
import { limits } from "../../constants/limits.ts";
import { alertBounds } from "../../constants/alerts.ts";
import type { RequestsJob } from "../../requests/job.ts";
import { requestBuckets } from "../../topology/monitoring/requests.ts";
import { monitoringFacts } from "../../topology/monitoring/facts.ts";
import { queueScript } from "../../topology/monitoring/redis.ts";
import { toYaml, type Yaml } from "../../topology/monitoring/yaml.ts";
import type { StackPlan } from "../../topology/plan.ts";
import type { WorkloadPlan } from "../../topology/types.ts";
import { planOf } from "../support/record-stack.ts";
import { stackConfig, stackNames } from "../support/stacks.ts";

const monitored = stackNames.filter((stack) => stackConfig(stack).monitoring.mode === "embedded");
const workload = ({ monitoring }: StackPlan, name: string): WorkloadPlan => {
  const found = monitoring.workloads.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
};
const everyWorkload = ({ monitoring, bench, database, redis }: StackPlan): WorkloadPlan[] => [
  ...monitoring.workloads,
  ...bench.workloads,
  ...(database.mode === "embedded" ? [database.embedded.workload] : []),
  ...(redis.mode === "embedded" ? redis.servers.map((server) => server.workload) : []),
];

describe("topology/monitoring", () => {
  it("plans nothing where the stack file wants none: no part, no flow, no container beside a server", () => {
    const plan = planOf("external");
    assert.deepEqual(plan.monitoring, {
      files: [],
      volumes: [],
      workloads: [],
      scheduled: [],
      services: [],
      flows: [],
    });
    const none = planOf("dev", (values) => (values["monitoring"] = { mode: "none" }));
    for (const { name, containers } of everyWorkload(none)) {
      assert.ok(
        containers.every((container) => !container.name.includes("exporter")),
        name,
      );
    }
    assert.ok(!JSON.stringify(none.network.flows).includes("prometheus"));
  });

  it("runs each part as a user that is not root, with nothing to write but scratch and its own volume", () => {
    for (const stack of monitored) {
      for (const { name, user, setup, containers } of planOf(stack).monitoring.workloads) {
        assert.ok(user > 0, name);
        const written = [...setup, ...containers].flatMap(({ volumes }) => volumes.filter(({ readOnly }) => !readOnly));
        const own = name === "prometheus" || name === "alertmanager" ? [`${name}-data`] : [];
        assert.deepEqual(
          written.map(({ volume }) => volume),
          own,
          name,
        );
      }
    }
  });

  it("never gives the sites' volume to another group than the bench's", () => {
    for (const stack of monitored) {
      for (const { name, user, containers } of planOf(stack).monitoring.workloads) {
        const mounts = containers.some(({ volumes }) => volumes.some(({ volume }) => volume === "sites"));
        if (mounts) assert.equal(user, 1000, name);
      }
    }
  });

  it("watches each claim that it can mount, once, by its own name, and says which", () => {
    const watched = (stack: (typeof stackNames)[number]) =>
      everyWorkload(planOf(stack)).flatMap(({ containers }) =>
        containers
          .filter(({ name }) => name === "volume-exporter")
          .flatMap(({ volumes }) =>
            volumes.map(({ volume, path, readOnly }) => {
              assert.ok(readOnly && path === `/volumes/${volume}`);
              return volume;
            }),
          ),
      );
    const expected: Readonly<Record<string, string[]>> = {
      dev: ["backups", "mariadb-data", "prometheus-data", "redis-queue-data", "sites"],
      prod: ["prometheus-data", "redis-queue-data", "sites"],
      "postgres-embedded": ["backups", "postgres-data", "prometheus-data", "redis-queue-data", "sites"],
    };
    for (const [stack, claims] of Object.entries(expected)) {
      const name = stack as (typeof stackNames)[number];
      assert.deepEqual(watched(name).toSorted(), claims, stack);
      assert.deepEqual(monitoringFacts(stackConfig(name)).volumes.toSorted(), claims, stack);
    }
  });

  it("has a flow from Prometheus to each port that it asks, and none to any other", () => {
    for (const stack of monitored) {
      const { network } = planOf(stack);
      const asked = network.flows.filter(({ from }) => "component" in from && from.component === "prometheus");
      const told = asked.map(({ to, ports }) => {
        assert.ok("component" in to);
        return `${to.component}:${ports.map(({ port }) => port).join(",")}`;
      });
      assert.equal(new Set(told).size, told.length);
      const { engine, databaseMode } = monitoringFacts(stackConfig(stack));
      assert.deepEqual(
        told.toSorted(),
        [
          ...["alertmanager:9093", "backup-exporter:9105", "blackbox-exporter:9115", "grafana:3000", "nginx:9113,9114"],
          ...["node-exporter:9100", "redis-exporter:9121,9122", "redis-queue:9101", "volume-exporter:9101"],
          `database-exporter:${engine === "mariadb" ? 9104 : 9187}`,
          ...(databaseMode === "embedded" ? ["database:9101"] : []),
        ].toSorted(),
      );
    }
  });

  it("lets the prober and Alertmanager out only to the addresses that the stack file names", () => {
    const out = (stack: "prod" | "dev") =>
      planOf(stack).monitoring.flows.flatMap(({ from, to, ports }) =>
        "addresses" in to && "component" in from
          ? [[from.component, ...to.addresses, ...ports.map(({ port }) => port)]]
          : [],
      );
    assert.deepEqual(out("prod"), [
      ["alertmanager", "203.0.113.25/32", "192.0.2.0/24", 443, 587],
      ["blackbox-exporter", "203.0.113.80/32", 443],
    ]);
    assert.deepEqual(out("dev"), []);
  });

  it("gives the admin's password of the database to the container that makes the user, and to none that goes on running", () => {
    for (const stack of monitored) {
      const { setup, containers } = workload(planOf(stack), "database-exporter");
      const reads = (each: typeof setup, secret: string) =>
        JSON.stringify(each.map(({ files, env }) => [files, env])).includes(`"${secret}"`);
      assert.deepEqual([reads(setup, "databaseAdmin"), reads(containers, "databaseAdmin")], [true, false], stack);
      assert.ok(reads(containers, "databaseMonitor"));
    }
  });

  it("speaks to managed servers over TLS, with the certificates of the stack file", () => {
    const plan = planOf("external", (values) => {
      values["environment"] = "dev";
      values["monitoring"] = { mode: "embedded" };
    });
    const [database] = plan.monitoring.files.filter(({ name }) => name === "database-exporter");
    for (const [option, file] of Object.entries({ "ssl-ca": "ca", "ssl-cert": "cert", "ssl-key": "key" })) {
      assert.ok(database?.files["my.cnf"]?.includes(`${option} = /etc/frappe/database-tls/${file}.pem\n`), option);
    }
    const redis = workload(plan, "redis-exporter").containers.map(({ command }) => command.slice(1, 3));
    assert.deepEqual(redis, [
      ["--redis.addr=rediss://cache.example.com:6379", "--redis.user=default"],
      ["--redis.addr=rediss://queue.example.com:6379", "--redis.user=default"],
    ]);
  });

  it("counts every queue that the bench has, under RQ's own keys", () => {
    const { queues } = monitoringFacts(stackConfig("prod"));
    assert.deepEqual(
      queues.map(({ key, timeout }) => [key, timeout]),
      [
        ["rq:queue:frappe-prod:short", 300],
        ["rq:queue:frappe-prod:default", 300],
        ["rq:queue:frappe-prod:long", 1500],
        ["rq:queue:frappe-prod:integrations", 600],
      ],
    );
    for (const { rqName } of queues) assert.ok(queueScript(queues).includes(JSON.stringify(rqName)));
  });

  it("asks one question a second as far as it can, those from outside counted, and each at least every four minutes", () => {
    const many = (count: number, name: string) => Array.from({ length: count }, (_, i) => `d${i}.${name}.example.com`);
    const interval = (count: number) =>
      monitoringFacts({
        ...stackConfig("dev"),
        sites: Array.from({ length: count }, (_, i) => ({ name: `s${i}.example.com`, state: "active" })),
      } as unknown as StackConfig).siteInterval;
    assert.deepEqual([1, 60, 61, 150, 240, 2000].map(interval), [60, 60, 61, 150, 240, 240]);
    const outside = monitoringFacts(stackConfig("prod", (values) => (values["sites"][0].domains = many(19, "a"))));
    const wide = monitoringFacts(
      stackConfig("prod", (values) => {
        values["edge"].tls.hostsPerCertificate = 2;
        for (const site of values["sites"] as { domains: string[]; name: string }[]) site.domains = many(20, site.name);
      }),
    );
    assert.deepEqual([outside.siteInterval, wide.siteInterval], [60, 66]);
  });

  it("tells the counter of requests its release, the sites that nginx knows and the bounds of their times", () => {
    for (const stack of monitored) {
      const { bench, release, sites } = planOf(stack);
      const { "nginx.conf": nginx = "", "requests.json": text = "" } =
        bench.files.find(({ name }) => name === "nginx")?.files ?? {};
      const { buckets, ...job } = JSON.parse(text) as RequestsJob;
      assert.deepEqual(job, {
        release: release.id,
        sites: sites.filter(({ state }) => state === "active").map(({ name }) => name),
        logPort: 5514,
        metricsPort: 9114,
      });
      assert.equal(buckets.at(-1), stackConfig(stack).bench.web.timeout);
      assert.match(nginx, /access_log syslog:server=127\.0\.0\.1:5514,nohostname,tag=nginx requests if=\$asked_web;/);
    }
    const { bench } = planOf("external");
    assert.doesNotMatch(JSON.stringify(bench), /requests\.json|request-program|syslog/);
  });

  it("tells times apart that differ by a half, up to what web may take, and has the alert's own bound", () => {
    for (const timeout of [10, 60, 120, 121, 600, 3600]) {
      const buckets = requestBuckets(timeout);
      assert.ok(
        buckets.every((bound, index) => bound > (buckets[index - 1] ?? 0)),
        String(buckets),
      );
      assert.equal(buckets.at(-1), timeout);
      const usual = buckets.filter((bound) => bound <= 3);
      assert.ok(usual.every((bound, index) => index === 0 || bound <= 1.55 * (usual[index - 1] ?? 0)));
      assert.ok(buckets.includes(alertBounds.requestSeconds));
    }
  });

  it("has archived sites in no list", () => {
    const { sites } = monitoringFacts(stackConfig("postgres-embedded"));
    assert.deepEqual(sites, ["desk.dev.example.com"]);
    const lists = planOf("postgres-embedded").monitoring.files.find(({ name }) => name === "prometheus")?.files;
    assert.ok(!JSON.stringify(lists).includes("old.dev.example.com"));
  });

  it("stays below what one object may hold with as many sites as there may be", () => {
    const plan = planOf("prod", (values) => {
      const edge = values["edge"] as { tls: Record<string, unknown> };
      edge.tls["wildcards"] = ["*.example.com"];
      const declared = values["sites"] as object[];
      const more = Array.from({ length: limits.sites - declared.length }, (_, i) => ({
        name: `a-site-with-some-name-${i}.example.com`,
        domains: [`another-name-of-the-site-${i}.example.com`],
        apps: ["frappe"],
      }));
      values["sites"] = [...declared, ...more];
    });
    for (const { name, files } of plan.monitoring.files) {
      const size = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      assert.ok(size < 2 ** 19, `${name}: ${size}`);
    }
  });
});

describe("topology/monitoring: YAML", () => {
  const cases: Readonly<Record<string, Yaml>> = {
    scalars: { text: "a: b # no comment", number: 1.5, yes: true, no: "no", empty: "", quote: `"'\\\n` },
    lists: { list: ["a", 1], empty: [], nested: [["a", "b"], ["c"]], maps: [{ a: 1, b: [2] }, { c: {} }] },
    maps: { map: { inner: { deep: "x" } }, empty: {}, "odd key": 1, "a.b": 2 },
  };
  for (const [name, value] of Object.entries(cases)) {
    it(`says ${name} so that a reader has the same`, () => {
      assert.deepEqual(parse(toYaml(value)), value);
    });
  }
});
