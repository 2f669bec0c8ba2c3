import assert from "node:assert/strict";
import { mayNotRun } from "../../release/guard.ts";
import type { Release } from "../../release/ledger/records.ts";
import { type ReleaseState, releaseStates } from "../../release/machine.ts";

const times = { begunAt: 1, changedAt: 1, closedAt: 0, openedAt: 0, deadline: 0, leftMs: Infinity };
const release = (id: string, state: ReleaseState): Release => ({
  id,
  from: "",
  state,
  reason: "",
  facts: {},
  ...times,
});

/** Who may run beside a release in each state, when `old` stood before it. */
const who: Readonly<Record<ReleaseState, "old" | "new" | "nobody">> = {
  prepared: "old",
  backed_up: "old",
  closing: "old",
  closed: "old",
  sealed: "old",
  migrating: "nobody",
  migrated: "new",
  verified: "new",
  confirmed: "new",
  aborting: "old",
  aborted: "old",
  rolling_back: "nobody",
  rolled_back: "old",
  needs_human: "nobody",
};

describe("release/guard", () => {
  for (const state of releaseStates) {
    it(`lets ${who[state]} run while a release is ${state}, and a first one only when it is on its schema`, () => {
      const both = [release("old", "confirmed"), release("new", state)];
      const may = ["old", "new"].filter((id) => mayNotRun(both, id) === undefined);
      assert.deepEqual(may, who[state] === "nobody" ? [] : [who[state]]);
      const alone = [release("new", state)];
      assert.equal(mayNotRun(alone, "new") === undefined, who[state] === "new");
      assert.notEqual(mayNotRun(alone, "old"), undefined);
    });
  }

  it("says why somebody waits: another's schema, a schema half way, none at all", () => {
    const old = release("old", "confirmed");
    assert.equal(mayNotRun([old, release("new", "verified")], "old"), "the schema is that of release new");
    assert.match(
      mayNotRun([old, release("new", "migrating")], "old") ?? "",
      /new is migrating, and the schema half way/,
    );
    assert.equal(mayNotRun([], "new"), "no release has been migrated yet");
  });

  it("gives the schema to the release that went back to an earlier one, and not to that one itself", () => {
    const back = (state: ReleaseState) => [
      release("a", "confirmed"),
      release("b", "confirmed"),
      { ...release("c", state), from: "b", facts: { rollbackTo: "a" } },
    ];
    const may = (state: ReleaseState) => ["a", "b", "c"].filter((id) => mayNotRun(back(state), id) === undefined);
    assert.deepEqual(
      [may("sealed"), may("migrating"), may("confirmed"), may("rolled_back")],
      [["b"], [], ["c"], ["b"]],
    );
  });

  it("goes by the last that was written: one that failed since changes nothing", () => {
    const history = [
      release("a", "confirmed"),
      release("b", "rolled_back"),
      release("c", "confirmed"),
      release("d", "aborted"),
    ];
    assert.deepEqual(
      ["a", "b", "c", "d"].filter((id) => mayNotRun(history, id) === undefined),
      ["c"],
    );
  });
});
