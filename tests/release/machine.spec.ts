import assert from "node:assert/strict";
import fc from "fast-check";
import {
  endsWith,
  isEnd,
  mayFollow,
  releaseStates,
  siteMayFollow,
  siteStates,
  wayBack,
  isWritten,
  type ReleaseState,
} from "../../release/machine.ts";

const walk = (from: ReleaseState, choices: readonly number[]): ReleaseState[] => {
  const path = [from];
  for (const choice of choices) {
    const open = releaseStates.filter((to) => mayFollow(path.at(-1) ?? from, to));
    if (open.length === 0) break;
    path.push(open[choice % open.length] ?? from);
  }
  return path;
};

describe("release/machine", () => {
  it("brings every release, whatever befalls it, to an end that nothing follows, unless a person is asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10), { minLength: 40, maxLength: 60 }), (choices) => {
        const last = walk("prepared", choices).at(-1);
        assert.ok(last !== undefined && (isEnd(last) || ["needs_human", "rolling_back", "aborting"].includes(last)));
      }),
    );
    assert.deepEqual(releaseStates.filter(isEnd), ["confirmed", "aborted", "rolled_back"]);
  });

  it("never puts anything back once it was verified, and never opens what was not verified", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10), { maxLength: 40 }), (choices) => {
        const path = walk("prepared", choices);
        const at = path.indexOf("verified");
        if (at !== -1) {
          assert.deepEqual(
            path.slice(at + 1).filter((state) => state !== "confirmed"),
            [],
          );
        }
        if (path.includes("confirmed")) {
          assert.ok(at !== -1 && path.includes("backed_up"));
          assert.notEqual(path.includes("sealed"), path.includes("trial"), path.join(" "));
        }
      }),
    );
  });

  it("writes to no site before the last backup was taken with writes closed", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10), { maxLength: 40 }), (choices) => {
        const path = walk("prepared", choices);
        const first = path.findIndex(isWritten);
        if (first !== -1 && !path.includes("trial")) {
          assert.deepEqual(path.slice(0, first), ["prepared", "backed_up", "closing", "closed", "sealed"]);
        }
      }),
    );
  });

  it("closes, seals and writes nothing once a release is on trial, and ends it where it began or as it was verified", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10), { maxLength: 40 }), (choices) => {
        const path = walk("trial", [...choices, 0, 0, 0]);
        assert.ok(["aborted", "verified confirmed"].includes(path.slice(1).join(" ")), path.join(" "));
      }),
    );
    assert.deepEqual(
      releaseStates.filter((from) => mayFollow(from, "trial")),
      ["backed_up"],
    );
  });

  it("has a way back from every state before the switch, and none after it", () => {
    const ways = Object.fromEntries(releaseStates.map((state) => [state, wayBack(state)]));
    assert.deepEqual(ways, {
      prepared: "aborted",
      backed_up: "aborted",
      trial: "aborted",
      closing: "aborting",
      closed: "aborting",
      sealed: "aborting",
      migrating: "rolling_back",
      migrated: "rolling_back",
      verified: undefined,
      confirmed: undefined,
      aborting: "aborted",
      aborted: undefined,
      rolling_back: undefined,
      rolled_back: undefined,
      needs_human: "rolling_back",
    });
  });

  it("lets each site reach an end that its release may end with, by every road", () => {
    const ends = siteStates.filter((state) => !siteStates.some((to) => siteMayFollow(state, to)));
    assert.deepEqual([...new Set(Object.values(endsWith).flat())].sort(), [...ends].sort());
    for (const state of siteStates) {
      const seen = new Set([state]);
      for (const each of seen) siteStates.filter((to) => siteMayFollow(each, to)).forEach((to) => seen.add(to));
      assert.ok(
        ends.some((end) => seen.has(end)),
        state,
      );
    }
  });
});
