// Routes of the sites as an API server keeps them, and what the Job of a canary says of them.
import { declaredRules, sharedRules } from "../../topology/route.ts";
import type { StoredRoute } from "./job-server.ts";
import { event, release } from "./run-step.ts";

export const declared = declaredRules("nginx");
export const weight = (share: number) => event("weight", { release, weight: share });
export const judged = event("release", { release, state: "verified" });
export const route = (name: string, rules: unknown = declared): [string, StoredRoute] => [
  name,
  { metadata: { name, resourceVersion: "1" }, spec: { rules } },
];
/** The share that rules give to the canary, `declared` where they are as the stack declares them. */
export const shareIn = (rules: unknown) => {
  if (JSON.stringify(rules) === JSON.stringify(declared)) return "declared";
  const share = [1, 10, 25, 50, 90].find(
    (each) => JSON.stringify(rules) === JSON.stringify(sharedRules(release, each)),
  );
  return share ?? JSON.stringify(rules);
};
export const place = { template: "release", namespace: "frappe", context: "staging" };
