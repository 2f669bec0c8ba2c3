/** What a canary needs around it. */
import type { Problem } from "../problems.ts";
import type { Rule } from "./rule.ts";

const path = "frappe:release.strategy";

const shares: Rule = {
  needs: ["edge", "monitoring", "release"],
  check: ({ edge, monitoring, release }) => {
    const problems: Problem[] = [];
    if (release.strategy === "canary" && edge.kind !== "gateway") {
      problems.push({
        path,
        message: `canary shares requests out by the weights of a Gateway's routes: expected frappe:edge.kind gateway, got ${edge.kind}; take it, or strategy rolling`,
      });
    }
    if (release.strategy === "canary" && monitoring.mode !== "embedded") {
      problems.push({
        path,
        message: `canary is judged by Prometheus: expected frappe:monitoring.mode embedded, got ${monitoring.mode}; take it, or strategy rolling`,
      });
    }
    return problems;
  },
};

export const canaryRules: readonly Rule[] = [shares];
