import assert from "node:assert/strict";
import { stackNames } from "../support/stacks.ts";
import type { HostileCase } from "./corpus/case.ts";
import { kindCases, payloadCases, payloads } from "./corpus/generated.ts";
import { assertReadable, problemsOf, rawOf } from "./corpus/judge.ts";

/** Cases whose refusal is missing, or stands at another place; every message of theirs must be readable. */
function astray(cases: readonly HostileCase[], isThere: (path: string, hostile: HostileCase) => boolean): string[] {
  return cases
    .filter((hostile) => {
      const problems = problemsOf(rawOf(hostile));
      problems.forEach(assertReadable);
      return !problems.some(({ path }) => isThere(path, hostile));
    })
    .map(({ name }) => name);
}

describe("config: generated hostile stack files", function () {
  this.timeout(60_000);

  for (const stack of stackNames) {
    it(`refuses each payload in each text of ${stack}, at its very place`, () => {
      const cases = payloadCases(stack);
      assert.ok(cases.length > Object.keys(payloads).length * 20);
      assert.deepEqual(
        astray(cases, (path, { path: due }) => path === due),
        [],
      );
    });

    it(`refuses another kind of thing for each value of ${stack}, at its place or inside`, () => {
      assert.deepEqual(
        astray(kindCases(stack), (path, { path: due }) => path.startsWith(due)),
        [],
      );
    });
  }
});
