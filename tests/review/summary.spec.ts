import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { configMap, lines, step, summary } from "./steps.ts";

const site = (name: string, more: object = {}) => ({
  name,
  state: "active",
  schema: "_1",
  apps: ["frappe"],
  domains: [],
  ...more,
});

const release = (op: string, sites: readonly object[], more: object = {}) => {
  const identity = {
    releaseId: "1a0df78f08",
    attempt: 1,
    strategy: "blueGreen",
    image: "erpnext:v16@sha256:1",
    ...more,
  };
  const data = { "release.json": JSON.stringify({ ...identity, apps: [], sites }) };
  return step(op, "release", configMap, { now: { labels: { [labels.releaseManifest]: "true" }, data } });
};

describe("summary of the release", () => {
  it("names a new release, its image and its sites with their apps and domains", () => {
    const sites = [
      site("a.example.com"),
      site("b.example.com", { apps: ["frappe", "erpnext"], domains: ["b.com"], state: "archived" }),
    ];
    assert.deepEqual(summary([release("create", sites)]).slice(0, 7), [
      "",
      "Summary of prod",
      "  release    1a0df78f08 (attempt 1, blueGreen), new: the bench comes up anew beside the old one, traffic moves last",
      "  steps      prepare, backup (each site, verified), migrate (writes closed), verify (the new bench), confirm (writes open); what fails goes back",
      "  image      erpnext:v16@sha256:1",
      "  site       a.example.com  [frappe]",
      "  site       b.example.com  [frappe, erpnext], also b.com  ARCHIVED",
    ]);
  });

  it("calls a release unchanged whose manifest stays, and new where it is replaced", () => {
    assert.match(lines("release", [release("same", [])])[0] ?? "", /, unchanged$/);
    const steps = ["create-replacement", "replace", "delete-replaced"].map((op) => release(op, []));
    assert.match(lines("release", steps)[0] ?? "", /, new: /);
    assert.equal(lines("release", steps).length, 1);
    const [old] = [release("same", []).new];
    const manifest = release("replace", [site("a.example.com", { domains: ["new.example.com"] })]);
    assert.ok(old);
    assert.match(lines("release", [{ ...manifest, old }])[0] ?? "", /, unchanged$/);
  });

  it("names each check of the stack's own that a new release has to pass, and what it leaves on its site", () => {
    const checks = [
      { name: "browser", kind: "image", site: "lab.example.com" },
      { name: "rights", kind: "script", site: "a.example.com" },
      { name: "tests", kind: "bench", site: "lab.example.com" },
    ];
    assert.deepEqual(lines("check", [release("create", [], { checks })]), [
      "  check      browser of lab.example.com, by a program in an image of its own; what it does there stays",
      "  check      rights of a.example.com, by a script, which is rolled back",
      "  check      tests of lab.example.com, by a command of bench; what it writes there stays",
    ]);
    assert.deepEqual(lines("check", [release("same", [], { checks })]), []);
    assert.deepEqual(lines("check", [release("create", [], { checks, rollbackTo: "2b0df78f08" })]), []);
  });

  it("says what a new release does, step by step, and nothing of it where none is run", () => {
    assert.match(
      lines("steps", [release("create", [])])[0] ?? "",
      /prepare, backup .*, migrate .*, verify .*, confirm/,
    );
    assert.deepEqual(lines("steps", [release("same", [])]), []);
  });

  it("says of recreate that the sites are down meanwhile, and of no bench beside the old one", () => {
    const [line = ""] = lines("release", [release("create", [], { strategy: "recreate" })]);
    assert.match(
      line,
      /the old bench goes when the sites are migrated, and they are down until the new one has come up$/,
    );
    assert.doesNotMatch(line, /beside/);
  });

  it("says of a release of code only that nothing is migrated, and that writes stay open", () => {
    for (const [strategy, how] of [
      ["rolling", /on the same schema, which is checked; traffic moves last$/],
      ["canary", /a share of the requests tries it before traffic moves$/],
    ] as const) {
      const steps = [release("create", [], { strategy })];
      assert.match(lines("release", steps)[0] ?? "", how);
      assert.match(lines("steps", steps)[0] ?? "", /migrate \(nothing: writes stay open\), verify/);
    }
  });

  it("says of a canary which shares of the requests it gets and for how long, and nothing of it where it stands", () => {
    const stages = [
      { weight: 10, minutes: 5 },
      { weight: 50, minutes: 60 },
    ];
    const more = { strategy: "canary", stages };
    assert.deepEqual(lines("canary", [release("create", [], more)]), [
      "  canary     of all requests 10 % for 5 min, 50 % for 60 min; back by itself where it does worse",
    ]);
    assert.deepEqual(lines("canary", [release("same", [], more)]), []);
    assert.deepEqual(lines("canary", [release("create", [])]), []);
  });

  it("says of a release that goes back to which one, and that data of today are given up", () => {
    const more = { rollbackTo: "0123456789" };
    assert.match(
      lines("back", [release("create", [], more)])[0] ?? "",
      /^ {2}back to {4}0123456789: each site gets the data of .*; what was written since goes into a backup of its own$/,
    );
    assert.deepEqual(lines("back", [release("same", [], more)]), ["  back to    0123456789, where it went"]);
    assert.deepEqual(lines("back", [release("create", [])]), []);
  });

  it("names twenty sites and counts the rest", () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => site(`s${i}.example.com`));
    assert.equal(lines("site", [release("create", many(20))]).length, 20);
    assert.ok(!summary([release("create", many(20))]).some((line) => line.includes("more site")));
    assert.equal(lines("site", [release("create", many(1000))]).length, 20);
    assert.ok(summary([release("create", many(1000))]).includes("             … and 980 more sites"));
  });

  it("says so where no release is in it, and where the release goes", () => {
    assert.deepEqual(lines("release", []), ["  release    none in this preview"]);
    const gone = { labels: { [labels.releaseManifest]: "true" }, data: { "release.json": "{}" } };
    assert.deepEqual(lines("release", [step("delete", "release", configMap, { old: gone })]), [
      "  release    none in this preview",
    ]);
  });

  it("lets no name write to the terminal or begin a line", () => {
    const shown = summary([release("create", [site("a\u001b[2J.example.com\n  STOP       forged")])]);
    assert.equal(shown[5], "  site       a [2J.example.com   STOP       forged  [frappe]");
    assert.doesNotMatch(shown.join(""), /\p{Cc}/u);
  });
});

describe("summary of what is taken over", () => {
  const provider = (inputs: object) =>
    lines("takes", [step("create", "cluster", "pulumi:providers:kubernetes", { now: { inputs: { ...inputs } } })]);

  it("says in one line that objects which stand already are not refused, and nothing of it otherwise", () => {
    assert.deepEqual(provider({ upsertExistingObjects: "true" }), [
      "  takes over objects that stand in the cluster already, and whatever others have set on them (adoptExisting)",
    ]);
    assert.deepEqual(provider({ upsertExistingObjects: "false" }), []);
    assert.deepEqual(provider({ context: "prod" }), []);
  });
});
