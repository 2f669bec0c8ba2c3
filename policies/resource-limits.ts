/** A pod says what it needs and where it ends: the scheduler believes the first, the kernel enforces the second. */
import { at, notKnown, shown } from "./shared/known.ts";
import { judgeContainers } from "./shared/pods.ts";
import { quantityOf } from "./shared/quantity.ts";
import type { Rule } from "./shared/rule.ts";

/** A node is filled by requests; memory beyond them is promised more than once. */
const mostMemoryPerRequest = 2;

/** What each container states. No limit of CPU: it would throttle a process while its node idles. */
const stated = [
  ["requests", "cpu"],
  ["requests", "memory"],
  ["limits", "memory"],
  ["limits", "ephemeral-storage"],
] as const;

function problemsOf(container: unknown): string[] {
  const resources = at(container, "resources");
  const missing = stated.flatMap(([kind, name]) => {
    const value = at(resources, kind, name);
    if (value === notKnown) return [`resources.${kind}.${name} is not known in a preview`];
    return value === undefined || !((quantityOf(value) ?? 0) > 0)
      ? [`resources.${kind}.${name} is ${value === undefined ? "missing" : shown(value)}`]
      : [];
  });
  const [request, limit] = [
    quantityOf(at(resources, "requests", "memory")),
    quantityOf(at(resources, "limits", "memory")),
  ];
  if (missing.length > 0 || request === undefined || limit === undefined) {
    return missing;
  }
  if (limit < request) return ["resources.limits.memory is below the request"];
  return limit > request * mostMemoryPerRequest
    ? [`resources.limits.memory is more than ${mostMemoryPerRequest} times the request`]
    : [];
}

export const resourceLimits: Rule = {
  name: "frappe-resource-limits",
  description: "Every container requests CPU and memory, and its memory and scratch space have an end.",
  remedy:
    "Set frappe:bench.<process>.resources, frappe:database.resources or frappe:redis.<server>.resources; our own workloads state the rest in topology/",
  judge: judgeContainers(({ spec, list }) => (list === "ephemeralContainers" ? [] : problemsOf(spec))),
};
