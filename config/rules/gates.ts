/** What a release has to keep to, against what the stack itself is. */
import type { Rule } from "./rule.ts";

const ownStaging: Rule = {
  needs: ["release", "bench"],
  check: ({ release: { gates }, bench }) =>
    gates.staging?.bench === bench.id
      ? [
          {
            path: "frappe:release.gates.staging.bench",
            message: `expected the bench of another stack, got ${bench.id}, which is this one's: an image has to stand there before it comes here`,
          },
        ]
      : [],
};

/** One that nobody looks at would be taken for one that was found right. */
const idleProof: Rule = {
  needs: ["release"],
  check: ({ release: { gates, proof } }) =>
    proof !== undefined && gates.staging === undefined
      ? [
          {
            path: "frappe:release.proof",
            message: "expected frappe:release.gates.staging beside it: without that nobody looks at it",
          },
        ]
      : [],
};

export const gateRules: readonly Rule[] = [ownStaging, idleProof];
