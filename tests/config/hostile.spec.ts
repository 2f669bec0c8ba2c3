import assert from "node:assert/strict";
import type { HostileCase } from "./corpus/case.ts";
import { corpus } from "./corpus/index.ts";
import { assertRefused, problemsOf, rawOf } from "./corpus/judge.ts";

const all: readonly HostileCase[] = Object.values(corpus).flat();

describe("config: hostile stack files", () => {
  for (const [theme, cases] of Object.entries(corpus)) {
    describe(theme, () => {
      for (const hostile of cases) {
        it(`refuses ${hostile.name}`, () => assertRefused(hostile));
      }
    });
  }

  describe("the corpus", () => {
    it("holds at least 330 cases, each another", () => {
      const distinct = new Set(all.map(({ name, stack, says }) => `${stack} ${name} ${says}`));
      assert.equal(distinct.size, all.length, "two cases are one");
      assert.ok(all.length >= 330, `only ${all.length} cases`);
    });

    it("has none that is let through", () => {
      const through = all.filter((hostile) => problemsOf(rawOf(hostile)).length === 0).map(({ name }) => name);
      assert.deepEqual(through, []);
    });
  });
});
