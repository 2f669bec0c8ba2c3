/** What a strategy and the rest of a release ask of each other. */
import { isCodeOnly } from "../../constants/strategies.ts";
import type { Rule } from "./rule.ts";

const noWayBackInCode: Rule = {
  needs: ["release"],
  check: ({ release: { strategy, rollbackTo } }) =>
    rollbackTo !== undefined && isCodeOnly(strategy)
      ? [
          {
            path: "frappe:release.strategy",
            message: `expected blueGreen or recreate beside frappe:release.rollbackTo, which restores data, got ${strategy}; to run an earlier image on the data of today leave rollbackTo out and declare that image`,
          },
        ]
      : [],
};

export const releaseRules: readonly Rule[] = [noWayBackInCode];
