import assert from "node:assert/strict";
import { policyLines } from "../../review/policies.ts";

const violation = (policy: string, name: string, message: string, level = "mandatory") => ({
  policy,
  urn: name === "" ? "" : `urn:pulumi:prod::frappe::kubernetes:core/v1:Secret::${name}`,
  message,
  level,
});

describe("what the summary says of policies", () => {
  it("is nothing where no pack has judged", () => {
    assert.deepEqual(policyLines({ violations: [], judged: [] }), []);
  });

  it("is how many have judged, and that none is violated", () => {
    assert.deepEqual(policyLines({ violations: [], judged: ["a", "b"] }), ["  policies   2 policies, none violated"]);
  });

  it("is one line for what many resources have in common, without the rule's description", () => {
    const shared = ["db", "queue"].map((name) => violation("a", name, "A holds.\nnot protected. Protect it"));
    assert.deepEqual(policyLines({ violations: shared, judged: ["a", "b"] }), [
      "  policies   2 policies, 1 violated",
      "  policy     mandatory a: db, queue: not protected. Protect it",
    ]);
  });

  it("names six resources and counts the rest, each once", () => {
    const names = ["1", "2", "3", "4", "5", "6", "7", "8", "8"];
    const [, line] = policyLines({ violations: names.map((name) => violation("a", name, "off")), judged: ["a"] });
    assert.equal(line, "  policy     mandatory a: 1, 2, 3, 4, 5, 6, and 2 more: off");
  });

  it("begins with what must be put right", () => {
    const violations = [violation("a", "", "x\nshould", "advisory"), violation("b", "", "x\nmust")];
    assert.deepEqual(policyLines({ violations, judged: ["a", "b"] }).slice(1), [
      "  policy     mandatory b: must",
      "  policy     advisory a: should",
    ]);
  });
});
