import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { problemsOf, readConfig } from "../../release/config.ts";

const whole = () => ({
  owner: "stack-one",
  release: {
    ...{ id: "r1", attempt: 1, image: "bench@sha256:1", gitSha: "a".repeat(40), strategy: "blueGreen" },
    apps: [{ name: "frappe", version: "15.51.1" }],
  },
  sites: [
    {
      ...{ name: "a.test", domains: ["www.a.test"], apps: ["frappe"], schema: "db_a", state: "active" },
      settings: { sessionExpiry: "12:00", denyMultipleSessions: true },
    },
  ],
  bench: { id: "acme", folder: "/bench", queues: ["short"] },
  ledger: "acme_releases",
  ...{ adminFolder: "/a", readerFolder: "/r", sitesFile: "/s.json" },
  endpoints: { serving: "http://nginx:8080", web: "http://web:8000", nginx: "http://nginx-1:8080", socketio: [] },
  limits: { drain: 1, migrate: 1, createSite: 1, hold: 1, verify: 1, whole: 1 },
  backup: {
    ...{ bench: "acme", sitesFolder: "/sites", sites: [], repository: "/backups", passwordFile: "/p", scratch: "/t" },
    database: { engine: "mariadb", host: "db", port: 3306 },
    retention: { last: 1, daily: 0, weekly: 0, monthly: 0 },
    ...{ readDataPercent: 1, timeLimit: 1 },
  },
});

const gates = {
  freeze: {
    timeZone: "Asia/Singapore",
    weekly: [{ from: "fri 12:00", to: "mon 06:00" }],
    dated: [{ from: "2026-12-20 00:00", to: "2027-01-03 06:00", why: "the year's end" }],
  },
  oneChange: true,
  staging: { bench: "staging", hours: 24 },
  proof: {
    bench: "staging",
    release: "r0",
    digest: "sha256:1",
    apps: { frappe: "1" },
    confirmedAt: "2026-11-20T10:00:00Z",
  },
  exception: { release: "r1", gates: ["freeze"], reason: "r", by: "ada", until: "2026-12-24T06:00Z" },
};

const canary = (more: object = {}) => ({
  prometheus: "http://prometheus:9090",
  stages: [
    { weight: 10, seconds: 60 },
    { weight: 50, seconds: 60 },
  ],
  ...{ maxErrorShare: 1, maxSlowdown: 1.5, minRequests: 20 },
  ...more,
});

type Changed = Record<string, unknown>;

/** A whole configuration with one key changed; `undefined` takes it away. */
function changed(key: string, value: unknown): unknown {
  const config = whole() as Changed;
  const parts = key.split(".");
  const last = parts.pop() ?? "";
  const at = parts.reduce<Changed>((inner, part) => inner[part] as Changed, config);
  if (value === undefined) delete at[last];
  else at[last] = value;
  return config;
}

describe("release/config", () => {
  it("has nothing against a whole configuration", () => {
    assert.deepEqual(problemsOf(whole()), []);
    for (const [key, value] of [
      ["release.rollbackTo", "0123456789"],
      ["limits.back", 60],
      ["canary", canary()],
      ["release.gitSha", undefined],
      ["sites", []],
      ["checks", []],
      [
        "checks",
        [
          { name: "tests", kind: "bench", site: "a.test", limit: 1, args: ["run-tests"] },
          { name: "rights", kind: "script", site: "a.test", limit: 1, file: "/c/rights.py" },
          { name: "browser", kind: "image", site: "a.test", limit: 1 },
        ],
      ],
      ["release.kinds", { code: "a", sites: "b", settings: "c" }],
      ["gates", gates],
      ["gates", { oneChange: false }],
    ] as const) {
      assert.deepEqual(problemsOf(changed(key, value)), [], key);
    }
  });

  for (const [change, problem] of [
    [{ oneChange: "yes" }, 'gates.oneChange: expected true or false, got "yes"'],
    [{ thaw: 1 }, "gates.thaw: expected no such key, got 1"],
    [
      { freeze: { ...gates.freeze, timeZone: "Mars" } },
      "gates.freeze.timeZone: expected a time zone of the IANA database",
    ],
    [
      { freeze: { ...gates.freeze, weekly: [{ from: "fri", to: "mon 06:00" }] } },
      "gates.freeze.weekly[0].from: expected a day",
    ],
    [
      { freeze: { ...gates.freeze, dated: [{ from: "soon", to: "later" }] } },
      "gates.freeze.dated[0].from: expected a date",
    ],
    [
      { staging: { ...gates.staging, hours: -1 } },
      "gates.staging.hours: expected a whole number of hours from 0, got -1",
    ],
    [
      { proof: { ...gates.proof, apps: { frappe: 1 } } },
      'gates.proof.apps: expected versions by app, got {"frappe":1}',
    ],
    [{ proof: { ...gates.proof, confirmedAt: "now" } }, "gates.proof.confirmedAt: expected a moment in UTC"],
    [{ exception: { ...gates.exception, gates: [] } }, "gates.exception.gates: expected a list of at least 1, got []"],
    [{ exception: { ...gates.exception, gates: ["all"] } }, "gates.exception.gates[0]: expected"],
    [
      { exception: { ...gates.exception, until: "2026-12-24T06:00" } },
      "gates.exception.until: expected a moment in UTC",
    ],
  ] as const) {
    it(`refuses ${problem.split(":")[0]} that is wrong, by its key`, () => {
      const problems = problemsOf(changed("gates", { ...gates, ...change }));
      assert.ok(
        problems.some((each) => each.startsWith(problem)),
        problems.join("\n"),
      );
    });
  }

  for (const [key, value, problem] of [
    ["canary", canary({ stages: [] }), "canary.stages: expected a list of at least 1, got []"],
    [
      "canary",
      canary({ stages: [{ weight: 100, seconds: 60 }] }),
      "canary.stages[0].weight: expected a number from 1 to 99, got 100",
    ],
    ["canary", canary({ stages: canary().stages.toReversed() }), "canary.stages: expected rising weights, got [50,10]"],
    ["canary", canary({ maxSlowdown: "1.5" }), 'canary.maxSlowdown: expected a number from 1 to 100, got "1.5"'],
    [
      "canary",
      canary({ prometheus: "prometheus" }),
      'canary.prometheus: expected an address http://host:port, got "prometheus"',
    ],
    ["owner", undefined, "owner: expected a line of text, got nothing"],
    ["owner", "a\nb", 'owner: expected a line of text, got "a\\nb"'],
    ["release", [], "release: expected an object, got []"],
    ["release.attempt", 0, "release.attempt: expected a whole number from 1, got 0"],
    ["release.attempt", 1.5, "release.attempt: expected a whole number from 1, got 1.5"],
    ["release.apps", [], "release.apps: expected a list of at least 1, got []"],
    ["release.apps.0.version", 15, "release.apps[0].version: expected a line of text, got 15"],
    [
      "release.strategy",
      "big",
      'release.strategy: expected "blueGreen" or "recreate" or "rolling" or "canary", got "big"',
    ],
    ["sites", {}, "sites: expected a list, got {}"],
    ["sites.0.name", "../a", 'sites[0].name: expected a host name, got "../a"'],
    [
      "sites.0.schema",
      "a;b",
      'sites[0].schema: expected a database\'s name of letters, digits and _, at most 63, got "a;b"',
    ],
    ["sites.0.state", "gone", 'sites[0].state: expected "active" or "archived", got "gone"'],
    ["sites.0.settings.sessionExpiry", "8h", 'sites[0].settings.sessionExpiry: expected hours:minutes, got "8h"'],
    [
      "sites.0.settings.denyMultipleSessions",
      1,
      "sites[0].settings.denyMultipleSessions: expected true or false, got 1",
    ],
    ["bench.folder", "bench", 'bench.folder: expected an absolute path, got "bench"'],
    ["endpoints.serving", "", 'endpoints.serving: expected an address http://host:port, got ""'],
    [
      "endpoints.web",
      "http://u:p@web:1",
      'endpoints.web: expected an address http://host:port, got "http://u:p@web:1"',
    ],
    ["limits.drain", "60", 'limits.drain: expected a whole number of seconds from 1, got "60"'],
    ["limits.rest", 1, "limits.rest: expected no such key, got 1"],
    ["checks", {}, "checks: expected a list, got {}"],
    [
      "checks",
      [{ name: "tests", kind: "browser", site: "a.test", limit: 1, args: ["x"] }],
      'checks[0].kind: expected "bench" or "script" or "image", got "browser"',
    ],
    [
      "checks",
      [{ name: "browser", kind: "image", site: "a.test", limit: 1, args: ["x"] }],
      'checks[0].args: expected no such key, got ["x"]',
    ],
    [
      "checks",
      [{ name: "tests", kind: "bench", site: "a.test", limit: 0, args: ["x"] }],
      "checks[0].limit: expected a whole number of seconds from 1, got 0",
    ],
    [
      "checks",
      [{ name: "rights", kind: "script", site: "a.test", limit: 1, file: "rights.py" }],
      'checks[0].file: expected an absolute path, got "rights.py"',
    ],
    ["backup.database.port", 0, "backup.database.port: expected a whole number from 1"],
    ["backup", undefined, "backup: expected an object, got nothing"],
    ["more", true, "more: expected no such key, got true"],
  ] as const) {
    it(`says of ${key} as ${JSON.stringify(value)} what was expected, and what it got`, () => {
      assert.deepEqual(problemsOf(changed(key, value)), [problem]);
    });
  }

  it("refuses two sites of one name or one database, and an app that is there twice", () => {
    const config = whole();
    const [site] = config.sites;
    const [app] = config.release.apps;
    assert.ok(site && app);
    config.sites.push({ ...site, name: "b.test" });
    config.release.apps.push(app);
    assert.deepEqual(problemsOf(config), [
      'release.apps[1].name: expected another one than release.apps[0] has, got "frappe"',
      'sites[1].schema: expected another one than sites[0] has, got "db_a"',
    ]);
  });

  it("names every problem of a file at once, and the file", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "release-config-"));
    const file = path.join(folder, "job.json");
    const read = (text: string) => {
      writeFileSync(file, text);
      return () => readConfig(file);
    };
    try {
      const { owner: _, ledger: __, ...rest } = whole();
      assert.throws(read(JSON.stringify(rest)), (error: Error) => {
        assert.match(error.message, /job\.json: owner: expected .*; ledger: expected /);
        return true;
      });
      assert.throws(read("{"), /job\.json cannot be read as JSON/);
      assert.throws(read("null"), /job\.json: the file: expected an object, got null/);
      assert.deepEqual(read(JSON.stringify(whole()))(), whole());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
