import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import type { Gates } from "../../gates/declared.ts";
import { configMap, friday, lines, step } from "./steps.ts";

const freeze = { timeZone: "UTC", weekly: [{ from: "fri 12:00", to: "mon 06:00" }], dated: [] };
const kinds = { code: "a", sites: "b", settings: "c" };

/** A side of the manifest's step. */
const side = (releaseId: string, more: object) => {
  const facts = { releaseId, attempt: 1, strategy: "blueGreen", image: "bench@sha256:1", apps: [], sites: [], ...more };
  return { labels: { [labels.releaseManifest]: "true" }, data: { "release.json": JSON.stringify(facts) } };
};
/** The release that follows one of these kinds. */
const following = (gates: Partial<Gates>, more: object = {}, old: object = { kinds }) => [
  step("replace", "release", configMap, {
    old: side("aaaaaaaaaa", old),
    now: side("bbbbbbbbbb", { kinds: { ...kinds, code: "x" }, gates: { oneChange: true, ...gates }, ...more }),
  }),
];

describe("summary of a release's gates", () => {
  it("says in which kinds of things a new release differs from the one before", () => {
    assert.deepEqual(lines("changes", following({})), ["  changes    code (frappe:image)"]);
    assert.deepEqual(lines("gate", following({})), []);
  });

  it("says what would refuse it now, and what has begun it would not", () => {
    const both = following({ freeze }, { kinds: { code: "x", sites: "y", settings: "c" } });
    const [frozen = "", many = "", ...more] = lines("gate", both);
    assert.match(
      frozen,
      /^ {2}gate {7}would refuse it now, unless it has begun: no release begins from fri 12:00 to mon/,
    );
    assert.match(many, /code \(frappe:image\), sites \(frappe:sites\) change at once/);
    assert.deepEqual(more, []);
  });

  it("is silent of a freeze that is over, and of a release that goes back", () => {
    const silent = [following({ freeze: { ...freeze, weekly: [{ from: "sat 00:00", to: "sun 00:00" }] } })];
    for (const steps of [...silent, following({ freeze }, { rollbackTo: "1111111111" })]) {
      assert.deepEqual(lines("gate", steps), []);
    }
  });

  it("names an exception that lets the release pass, with who has agreed to it", () => {
    const until = new Date(friday + 3_600_000).toISOString().replace(/:\d\d\.\d+/, "");
    const exception = { release: "bbbbbbbbbb", gates: ["freeze" as const], reason: "a hole", by: "ada", until };
    const steps = following({ freeze, exception });
    assert.deepEqual(lines("gate", steps), []);
    assert.deepEqual(lines("exception", steps), [`  exception  freeze until ${until}, agreed by ada: a hole`]);
  });

  it("says nothing where nothing is known to stand, so that a first preview is alike on every day", () => {
    const now = side("bbbbbbbbbb", { kinds, gates: { oneChange: true, freeze } });
    const first = [step("create", "release", configMap, { now })];
    const same = [step("same", "release", configMap, { old: now, now })];
    for (const steps of [first, same]) {
      for (const word of ["gate", "changes", "exception"]) assert.deepEqual(lines(word, steps), [], word);
    }
  });

  it("takes a manifest of before kinds were written down for one that cannot be compared", () => {
    assert.deepEqual(lines("changes", following({}, {}, {})), []);
  });
});
