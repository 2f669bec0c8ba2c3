import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import type { PolicyViolation, ResourceState, Step } from "../../review/events.ts";
import { summarise, type Circumstances } from "../../review/summary.ts";

const bench = "frappe:stack:FrappeStack$frappe:bench:Bench";
const database = "frappe:stack:FrappeStack$frappe:database:Database";
const claim = "kubernetes:core/v1:PersistentVolumeClaim";
const password = "random:index/randomPassword:RandomPassword";
const holdsData = { [labels.holdsData]: "true" };

interface Made extends Partial<ResourceState> {
  readonly labels?: Readonly<Record<string, string>>;
  readonly data?: unknown;
}

function step(
  op: string,
  name: string,
  type: string,
  { room = bench, old, now }: { room?: string; old?: Made; now?: Made },
): Step {
  const urn = `urn:pulumi:test::frappe::${room}$${type}::${name}`;
  const state = ({ labels: given, data, ...rest }: Made): ResourceState => ({
    type,
    urn,
    inputs: { metadata: { labels: given }, data },
    ...rest,
  });
  return { op, urn, type, ...(old && { old: state(old) }), ...(now && { new: state(now) }) };
}

const site = (name: string, more: object = {}) => ({
  name,
  state: "active",
  schema: "_1",
  apps: ["frappe"],
  domains: [],
  ...more,
});

const release = (op: string, sites: readonly object[], more: object = {}) => {
  const manifest = {
    releaseId: "1a0df78f08",
    attempt: 1,
    strategy: "blueGreen",
    image: "erpnext:v16@sha256:1",
    apps: [],
    sites,
    ...more,
  };
  const now = { labels: { [labels.releaseManifest]: "true" }, data: { "release.json": JSON.stringify(manifest) } };
  return step(op, "release", "kubernetes:core/v1:ConfigMap", { now });
};

const quiet: Circumstances = { stack: "prod", failed: false, offline: undefined };
const summary = (steps: Step[], circumstances: Partial<Circumstances> = {}, violations: PolicyViolation[] = []) =>
  summarise({ steps, violations }, { ...quiet, ...circumstances }).split("\n");
const lines = (start: string, ...args: Parameters<typeof summary>) =>
  summary(...args).filter((line) => line.startsWith(`  ${start} `));

/** Steps of one replacement, as the engine reports them; with `protect` and the label on one side only. */
const replacement = (name: string, old: Made, now: Made, type = claim) => [
  step("create-replacement", name, type, { room: database, old, now }),
  step("replace", name, type, { room: database, old, now }),
  step("delete-replaced", name, type, { room: database, old }),
];

describe("summary of a preview", () => {
  describe("of the release", () => {
    it("names a new release, its image and its sites with their apps and domains", () => {
      const sites = [
        site("a.example.com"),
        site("b.example.com", { apps: ["frappe", "erpnext"], domains: ["b.com"], state: "archived" }),
      ];
      assert.deepEqual(summary([release("create", sites)]).slice(0, 6), [
        "",
        "Summary of prod",
        "  release    1a0df78f08 (attempt 1, blueGreen), new: the bench comes up anew beside the old one, traffic moves last",
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
      assert.deepEqual(lines("release", [step("delete", "release", "kubernetes:core/v1:ConfigMap", { old: gone })]), [
        "  release    none in this preview",
      ]);
    });

    it("lets no name write to the terminal or begin a line", () => {
      const shown = summary([release("create", [site("a\u001b[2J.example.com\n  STOP       forged")])]);
      assert.equal(shown[4], "  site       a [2J.example.com   STOP       forged  [frappe]");
      assert.doesNotMatch(shown.join(""), /\p{Cc}/u);
    });
  });

  describe("of what holds data", () => {
    it("names each with its lifetime, passwords included", () => {
      const made = [
        step("create", "mariadb-data", claim, { now: { labels: holdsData, protect: true, retainOnDelete: true } }),
        step("same", "admin", password, { now: { retainOnDelete: true } }),
        step("create", "cache", claim, { now: {} }),
      ];
      assert.deepEqual(lines("holds", made), [
        "  holds data PersistentVolumeClaim mariadb-data: protected, retained",
        "  holds data RandomPassword admin: NOT protected, retained",
      ]);
    });

    for (const [which, old, now] of [
      ["before and after", { labels: holdsData }, { labels: holdsData }],
      ["before only", { labels: holdsData }, {}],
      ["after only", {}, { labels: holdsData }],
    ] as const) {
      it(`stops at its replacement, once, when it is labelled ${which}`, () => {
        assert.deepEqual(lines("STOP", replacement("data", old, now)), [
          "  STOP       replace of PersistentVolumeClaim data, which holds data",
        ]);
        assert.deepEqual(lines("STOP", replacement("data", old, now).reverse()).length, 1);
      });
    }

    it("stops at its deletion, and at that of a password", () => {
      assert.deepEqual(
        lines("STOP", [
          step("delete", "data", claim, { old: { labels: holdsData } }),
          step("delete", "admin", password, { old: {} }),
        ]),
        [
          "  STOP       delete of PersistentVolumeClaim data, which holds data",
          "  STOP       delete of RandomPassword admin, which holds data",
        ],
      );
    });

    it("stops at no other change, and at no other resource", () => {
      const harmless = ["create", "update", "same", "refresh"].map((op, i) =>
        step(op, `data-${i}`, claim, { old: { labels: holdsData }, now: { labels: holdsData } }),
      );
      assert.deepEqual(
        lines("STOP", [...harmless, ...replacement("cache", {}, {}), step("delete", "old", claim, { old: {} })]),
        [],
      );
    });
  });
});
