import assert from "node:assert/strict";
import { type Role, roles } from "../../constants/ledger.ts";
import { doorMarginMs, mayNotGoOn, mayNotRun } from "../../release/guard.ts";
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

/** Who of them may run, in a role: the old release's, the new one's, or both beside each other. */
const running = (releases: readonly Release[], role: Role): string =>
  ["old", "new"].filter((id) => mayNotRun(releases, id, role) === undefined).join(" and ") || "nobody";

/** Who may run beside a release in each state, when `old` stood before it. */
const who: Readonly<Record<ReleaseState, "old" | "new" | "old and new" | "nobody">> = {
  prepared: "old",
  backed_up: "old",
  trial: "old and new",
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
      assert.equal(running(both, "web"), who[state]);
      const alone = [release("new", state)];
      assert.equal(mayNotRun(alone, "new", "web") === undefined, who[state] === "new");
      assert.notEqual(mayNotRun(alone, "old", "web"), undefined);
    });
  }

  it("opens a check's door to the release that is being verified, and shuts it before a seal may be put back", () => {
    for (const state of releaseStates) {
      const both = [release("old", "confirmed"), release("new", state)];
      const expected = ["migrated", "trial"].includes(state);
      for (const may of [mayNotRun, mayNotGoOn]) {
        assert.equal(may(both, "new", "door") === undefined, expected, state);
        assert.notEqual(may(both, "old", "door"), undefined);
        assert.notEqual(may(both, "other", "door"), undefined);
      }
    }
    for (const state of ["migrated", "trial"] as const) {
      const with_ = (leftMs: number) => [{ ...release("new", state), leftMs }];
      assert.equal(mayNotGoOn(with_(doorMarginMs + 1), "new", "door"), undefined);
      assert.equal(mayNotGoOn(with_(doorMarginMs), "new", "door"), "the time to verify release new is up");
    }
    assert.equal(
      mayNotGoOn([release("new", "rolling_back")], "new", "door"),
      "release new is rolling_back, and not being verified",
    );
  });

  it("tells roles apart only while a release is on trial: its web serves, its workers and scheduler wait", () => {
    for (const state of releaseStates) {
      const both = [release("old", "confirmed"), release("new", state)];
      for (const role of roles) {
        const expected = state === "trial" && role !== "web" ? "old" : who[state];
        assert.equal(running(both, role), expected, `${role}, ${state}`);
      }
    }
    const why = mayNotRun([release("old", "confirmed"), release("new", "trial")], "new", "worker");
    assert.equal(why, "release new is on trial: until it is verified only its web runs beside the old release");
  });

  it("lets the web of a release on trial run until the deadline, and the old release all the time", () => {
    for (const [leftMs, expected] of [
      [1, "old and new"],
      [0, "old"],
      [-1, "old"],
    ] as const) {
      const both = [release("old", "confirmed"), { ...release("new", "trial"), leftMs }];
      assert.equal(running(both, "web"), expected, `${leftMs}`);
    }
    const over = [release("old", "confirmed"), { ...release("new", "trial"), leftMs: 0 }];
    assert.equal(mayNotRun(over, "new", "web"), "the time of the trial of release new is up");
  });

  it("has a web that runs end only when its own trial has failed, or nobody has judged it in time", () => {
    const old = release("old", "confirmed");
    const ends = (state: ReleaseState, id: string) => mayNotGoOn([old, release("new", state)], id, "web");
    for (const state of releaseStates) {
      assert.equal(ends(state, "old"), undefined, `the old one's while another is ${state}`);
      const taken = ["aborting", "aborted"].includes(state) ? `release new is ${state}` : undefined;
      assert.equal(ends(state, "new"), taken, state);
    }
    const late = { ...release("new", "trial"), leftMs: 0 };
    assert.equal(mayNotGoOn([old, late], "new", "web"), "the time of the trial of release new is up");
    assert.equal(mayNotGoOn([], "new", "web"), undefined);
  });

  it("has a scheduler that runs end as soon as it may not begin any more", () => {
    for (const state of releaseStates) {
      const both = [release("old", "confirmed"), release("new", state)];
      for (const id of ["old", "new"]) {
        assert.equal(mayNotGoOn(both, id, "scheduler"), mayNotRun(both, id, "scheduler"), `${id}, ${state}`);
      }
    }
  });

  it("says why somebody waits: another's schema, a schema half way, none at all", () => {
    const old = release("old", "confirmed");
    assert.equal(mayNotRun([old, release("new", "verified")], "old", "worker"), "the schema is that of release new");
    assert.match(
      mayNotRun([old, release("new", "migrating")], "old", "web") ?? "",
      /new is migrating, and the schema half way/,
    );
    assert.equal(mayNotRun([], "new", "web"), "no release has been migrated yet");
  });

  it("gives the schema to the release that went back to an earlier one, and not to that one itself", () => {
    const back = (state: ReleaseState) => [
      release("a", "confirmed"),
      release("b", "confirmed"),
      { ...release("c", state), from: "b", facts: { rollbackTo: "a" } },
    ];
    const may = (state: ReleaseState) =>
      ["a", "b", "c"].filter((id) => mayNotRun(back(state), id, "web") === undefined);
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
      ["a", "b", "c", "d"].filter((id) => mayNotRun(history, id, "scheduler") === undefined),
      ["c"],
    );
  });
});
