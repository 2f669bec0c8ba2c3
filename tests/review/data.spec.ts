import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { claim, lines, password, step, type Side } from "./steps.ts";

const holdsData = { [labels.holdsData]: "true" };

/** Steps of one replacement, as the engine reports them. */
const replacement = (name: string, old: Side, now: Side) => [
  step("create-replacement", name, claim, { old, now }),
  step("replace", name, claim, { old, now }),
  step("delete-replaced", name, claim, { old }),
];

describe("summary of what holds data", () => {
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
