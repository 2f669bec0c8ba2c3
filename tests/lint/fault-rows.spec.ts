import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../../engine/root.ts";
import { rows } from "./fault-rows.ts";
import { invariants } from "./invariant-rows.ts";

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
/** Those of releases; the others are of bad input, secrets and schedules. */
const ofReleases = [...numbers(1, 33), ...numbers(41, 46), 48];
const adr = "docs/adr/0013-releases-as-ordered-commands.md";

/** Whether a file has a test of exactly that title. */
function has(held: string): boolean {
  const [, file = "", title = ""] = /^(\S+?\.ts): (.*)$/s.exec(held) ?? [];
  const text = readFileSync(path.join(root, "tests", file), "utf8");
  return ['"', "`"].some((quote) => text.includes(`it(${quote}${title}${quote}`));
}

describe("the table of faults", () => {
  it("names tests that there are, for faults and for what always holds", () => {
    const named = [...Object.values(rows).flatMap(({ held }) => held), ...Object.values(invariants).flat()];
    assert.deepEqual(
      named.filter((held) => !has(held)),
      [],
    );
  });

  it("has each fault of a release, or the record says that no test holds it", () => {
    const text = readFileSync(path.join(root, adr), "utf8");
    const open = [...text.matchAll(/^\| fault (\d+) /gm)].map(([, number]) => Number(number));
    const known = [...Object.keys(rows).map(Number), ...open].sort((one, other) => one - other);
    assert.deepEqual(known, ofReleases, "each once: held, or open");
    assert.deepEqual(
      Object.entries(rows).filter(([, { held }]) => held.length === 0),
      [],
    );
  });

  it("has what always holds, from I1 to I16, each in a test's name or in the table", () => {
    const text = readFileSync(path.join(root, "tests/release/invariants.spec.ts"), "utf8");
    for (const number of numbers(1, 16)) {
      const name = `I${number}`;
      assert.ok(name in invariants || new RegExp(`it\\(["\`]${name} `).test(text), `${name} is in no test's name`);
    }
  });
});
