import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseConfig, schemaNameOf } from "../../config/parse.ts";
import { stackConfig, stackNames } from "../support/stacks.ts";
import { put } from "./corpus/case.ts";

const taken = (at: string, value: unknown, stack: Parameters<typeof stackConfig>[0] = "prod") =>
  stackConfig(stack, (values) => put(values, at, value));

/** Values at the bounds, each of them right, by where they stand. */
const accepted: Readonly<Record<string, readonly unknown[]>> = {
  "sites[1].name": [
    "a.bc",
    `${"a".repeat(63)}.example.com`,
    `${`${"a".repeat(49)}.`.repeat(5)}com`,
    "xn--bcher-kva.example.com",
    "xn--mnchen-3ya.xn--vermgensberatung-pwb",
    "1.2.3.example.com",
    "3com.example.com",
    "a--b.example.com",
    "desk.localhost",
  ],
  "sites[0].schema": ["a", "_", "a".repeat(32), "_0123456789abcdef", "mysqlx", "erp_2024"],
  "sites[2].settings.sessionExpiry": ["00:05", "24:00", "720:00", "99:59", "100:00"],
  "release.strategy": ["rolling", "canary"],
  "release.canary.stages": [
    [{ weight: 90, minutes: 1440 }],
    [
      { weight: 1, minutes: 1 },
      { weight: 2, minutes: 1 },
    ],
  ],
  "release.canary.maxErrorShare": [0, 0.5, 50],
  "release.canary.maxSlowdown": [1, 1.05, 10],
  "bench.web.replicas": [1, 11],
  "bench.nginx.replicas": [50],
  "bench.web.maxRequests": [0, 1_000_000],
  "bench.socketio.replicas": [5],
  "bench.scheduler.replicas": [1],
  "bench.queues.integrations.timeout": [1, 86_400],
  "bench.nginx.bodyLimit": ["1Mi", "1024Mi", "10Gi"],
  "bench.web.resources.memory": ["256Mi", "262144Ki", "4Ti"],
  "bench.web.resources.cpu": ["10m", "0.01", "0.5", "1.5", "256", "256000m"],
  "bench.timeZone": ["UTC", "Asia/Kolkata", "Europe/Kyiv", "America/Argentina/Buenos_Aires", "Asia/Kathmandu"],
  "bench.id": ["a", "a".repeat(63), "0"],
  "platform.namespace": ["frappe-default", "kubernetes", "a".repeat(63)],
  "platform.context": ["arn:aws:eks:eu-west-1:123456789012:cluster/prod", "admin@prod", "gke_p_z_c"],
  "database.storage.storageClass": ["csi.example.com-fast", "gp3", "a.b.c"],
  "database.snapshots.className": ["csi.hetzner.cloud"],
  "database.snapshots.schedule": [
    "* * * * *",
    "*/15 0-6 1,15 * 1-5",
    "0 0 29 2 *",
    "0 0 31 1 *",
    "59 23 31 12 6",
    "0 2 * * 0",
  ],
  "database.snapshots.keep": ["1h", "99999h"],
  "database.bufferPool": ["64M", "13107M", "12G"],
  "database.members": [1, 3, 5],
  "edge.className": ["istio", "nginx.internal"],
  "edge.tls.issuer.name": ["letsencrypt.prod"],
  "edge.tls.wildcards": [["*.example.com"], ["*.example.com", "*.example.org", "*.erp.example.com"]],
  "edge.hsts": [{ maxAge: 0 }, { preload: true, includeSubdomains: true, maxAge: 31_536_000 }],
  "edge.controller.podLabels": [{}, { "a.example.com/b_C.d": "" }, { app: "x".repeat(63) }],
  "edge.trustedProxies": [["10.0.0.0/8"], ["192.0.2.1/32", "fd00::/8", "2001:db8::1/128", "::/8"]],
  "network.egress.mail.addresses": [["10.0.0.0/8", "203.0.113.25/32"], ["2001:db8::/32"], ["100.64.0.0/16"]],
  "network.egress.mail.ports": [[1, 65_535]],
  "image.repository": [
    "ghcr.io/a/b_c__d-e--f.g",
    "registry.example.com:5000/erpnext",
    "123.dkr.ecr.eu-west-1.amazonaws.com/x/y/z",
  ],
  "image.tag": ["v16", "16.33.0", "a".repeat(63), "latest-v16", "1"],
  "services.portal.routes[0].path": [
    "/api/portal",
    "/api/v",
    "/api/methods",
    "/shop_1/A-b",
    `/${"a".repeat(119)}`,
    "/apps-x",
  ],
  "services.portal.port": [1024, 65_535],
  "services.portal.env.LOG_LEVEL": ["", "a b", "$(HOME) $$ `id`", "https://user@example.com/", "x".repeat(4096)],
  "services.portal.env.MAX_TOKENS": ["100"],
  "services.portal.writable": [["/app/cache", "/var/lib/x.y_z", "/tmpfiles"]],
  "backup.schedule": ["0 */3 * * *", "30 1-22/3 * * *"],
  "backup.retention": [{ last: 1, daily: 0, weekly: 0, monthly: 0 }],
  "backup.repository.prefix": ["a", "a/b-c/d_e"],
  "monitoring.alertmanager.receivers.email.user": ["apikey", "frappe@example.com", "MAIL\\frappe"],
  "release.attempt": [1, 999],
  "release.timeouts.drain": [10, 86_400],
  "release.timeouts.migrate": [30, 86_400],
  "release.timeouts.back": [30, 604_800],
  "release.timeouts.createSite": [30, 86_400],
  "release.timeouts.verify": [10, 7200],
  "release.timeouts.hold": [60, 86_400],
  "release.timeouts.step": [60, 604_800],
  "release.resources.memory": ["512Mi", "8Gi"],
  "release.checks": [
    { ["a".repeat(30)]: { kind: "script", site: "erp.example.com", text: "x".repeat(16_000), timeout: 5 } },
    { "1-a": { kind: "script", site: "erp.example.com", text: "import frappe\n\tpass\n", timeout: 7200 } },
  ],
  "sites[2].disposable": [true, false],
  "release.rollbackTo": ["0123456789", "1a0df78f08"],
  "release.gitSha": ["493cecf82c92c828bf0d0c57df60694e07dc6167"],
};

describe("config: right stack files", () => {
  for (const stack of stackNames) {
    it(`takes the committed stack ${stack}`, () => {
      assert.ok(stackConfig(stack).sites.length > 0);
    });
  }

  for (const [at, values] of Object.entries(accepted)) {
    it(`takes ${at} up to its bounds`, () => {
      for (const value of values) assert.doesNotThrow(() => taken(at, value), JSON.stringify(value));
    });
  }

  it("takes as many sites, domains and listeners as there is room for", () => {
    const site = (i: number) => ({ name: `s${i}.example.com`, apps: ["frappe"] });
    const of = (count: number) => Array.from({ length: count }, (_, i) => site(i));
    const sites = (count: number, edge: object) =>
      stackConfig("prod", (values) => {
        values["sites"] = of(count);
        Reflect.deleteProperty(values["services"]["portal"]["routes"][0] as object, "hosts");
        Object.assign(values["edge"], edge);
      }).sites.length;
    const tls = { issuer: { name: "letsencrypt" } };
    assert.equal(sites(60, {}), 60);
    assert.equal(sites(63, { tls: { ...tls, hostsPerCertificate: 100 } }), 63);
    assert.equal(sites(2000, { tls: { ...tls, wildcards: ["*.example.com"] } }), 2000);
    assert.equal(
      taken(
        "sites[1].domains",
        Array.from({ length: 20 }, (_, i) => `d${i}.example.org`),
      ).sites[1]?.domains.length,
      20,
    );
  });

  it("takes Postgres with ERPNext from those who say that they know", () => {
    assert.deepEqual(stackConfig("postgres-embedded").sites[0]?.apps, ["frappe", "erpnext"]);
  });

  it("takes a volume for one node on one node", () => {
    assert.equal(stackConfig("dev").sitesVolume.accessMode, "ReadWriteOnce");
  });

  it("takes managed servers by address, by name and by a Service's name", () => {
    for (const host of ["10.60.0.4", "db.example.com", "mariadb", "mariadb.data.svc"]) {
      const { database } = taken("database.host", host, "external");
      assert.equal(database.mode === "external" && database.host, host);
    }
  });

  it("fills what is left out, and repairs nothing that is there", () => {
    const config = stackConfig("postgres");
    assert.deepEqual(config.release, {
      strategy: "blueGreen",
      attempt: 1,
      gates: {},
      readyTimeout: 600,
      timeouts: { drain: 900, migrate: 3600, createSite: 1800, hold: 1800, verify: 300, back: 7200, step: 21_600 },
      canary: {
        stages: [
          { weight: 10, minutes: 5 },
          { weight: 25, minutes: 15 },
          { weight: 50, minutes: 60 },
        ],
        maxErrorShare: 1,
        maxSlowdown: 1.5,
        minRequests: 20,
      },
      checks: {},
      resources: { cpu: "250m", memory: "1Gi", ephemeralStorage: "1Gi" },
    });
    assert.equal(config.platform.nodes, "many");
    assert.deepEqual(config.bench.web, {
      replicas: 1,
      workers: 2,
      threads: 4,
      timeout: 120,
      maxRequests: 5000,
      resources: { cpu: "250m", memory: "1Gi", ephemeralStorage: "1Gi" },
    });
    assert.deepEqual(config.bench.queues, {});
    assert.equal(config.redis.mode, "embedded");
    assert.deepEqual(config.network.egress, {});
    assert.deepEqual(config.sites[0]?.domains, []);
    assert.equal(config.sites[0]?.state, "active");
    assert.deepEqual(config.sites[0]?.settings, { sessionExpiry: "12:00", denyMultipleSessions: true });
    assert.deepEqual(config.edge.hsts, { maxAge: 31_536_000, includeSubdomains: false, preload: false });
  });

  it("keeps the secrets' names and none of their values", () => {
    const parsed = parseConfig({ values: {}, secrets: new Set(["sentryDsn"]) });
    assert.equal(parsed.ok, false);
    assert.doesNotMatch(JSON.stringify(stackConfig("external")), /secure|PLACEHOLDER/);
  });
});

describe("config: the schema's name of a site", () => {
  it("is Frappe's: an underscore and the first 16 hexadecimal digits of the name's SHA-1", () => {
    const digest = createHash("sha1").update("erp.example.com").digest("hex");
    assert.equal(schemaNameOf("erp.example.com"), `_${digest.slice(0, 16)}`);
    assert.equal(schemaNameOf("erp.example.com"), "_22835929e7d52caf");
    assert.match(schemaNameOf("shop.example.org"), /^_[0-9a-f]{16}$/);
  });

  it("is the declared one where a site was adopted from elsewhere", () => {
    assert.equal(taken("sites[0].schema", "_1bd3e0294da19198").sites[0]?.schema, "_1bd3e0294da19198");
    assert.equal(stackConfig("prod").sites[0]?.schema, schemaNameOf("erp.example.com"));
  });
});
