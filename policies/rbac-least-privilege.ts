/** Nobody may do more than their work: no wildcards, no reading of Secrets at large, no way to become somebody else. */
import { at, items, notKnown, shown, text } from "./shared/known.ts";
import { judgePod } from "./shared/pods.ts";
import type { Resource, Rule } from "./shared/rule.ts";

const group = "rbac.authorization.k8s.io";
const lists = ["apiGroups", "resources", "verbs", "nonResourceURLs"] as const;

/** Verbs by which a role gives itself, or its holder, more than it has. */
const becoming = new Set(["escalate", "bind", "impersonate"]);
/** Ways into what runs: as good as every right of the pods and nodes they lead to. */
const doors = new Set([
  ...["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"],
  ...["pods/ephemeralcontainers", "serviceaccounts/token"],
]);
const reading = ["get", "list", "watch"] as const;

/** Roles of Kubernetes' own that read every Secret of what they are bound to. */
const mighty = new Set(["cluster-admin", "admin", "edit"]);
/** Groups of nobody in particular, and the one that no rule restrains. */
const crowds = /^system:(masters|authenticated|unauthenticated|anonymous|serviceaccounts(:.*)?)$/;

function secretProblems(rule: unknown, verbs: readonly unknown[], resources: readonly unknown[]): string[] {
  if (!resources.includes("secrets")) {
    return [];
  }
  const isNamed = items(at(rule, "resourceNames")).length > 0;
  // A list gives whole objects, and cannot be held to names.
  const refused = reading.filter((verb) => verbs.includes(verb) && !(verb === "get" && isNamed));
  return refused.map((verb) => `${verb} of secrets${verb === "get" ? " without resourceNames" : ""}`);
}

function ruleProblems(rule: unknown): string[] {
  const [verbs, resources] = [items(at(rule, "verbs")), items(at(rule, "resources"))];
  return [
    ...lists
      .filter((list) => items(at(rule, list)).some((entry) => String(entry).includes("*")))
      .map((list) => `* in ${list}`),
    ...lists
      .filter((list) => at(rule, list) === notKnown || items(at(rule, list)).includes(notKnown))
      .map((list) => `${list} not known in a preview`),
    ...verbs.filter((verb) => becoming.has(String(verb))).map((verb) => `the verb ${shown(verb)}`),
    ...resources.filter((resource) => doors.has(String(resource))).map((resource) => `the resource ${shown(resource)}`),
    ...secretProblems(rule, verbs, resources),
  ];
}

function roleProblems({ props }: Resource): string[] {
  const rules = at(props, "rules");
  if (rules === notKnown) {
    return ["rules: not known in a preview, so nobody can judge them"];
  }
  return [
    ...(at(props, "aggregationRule") === undefined ? [] : ["aggregationRule: other roles decide what it allows"]),
    ...items(rules).flatMap((rule, index) =>
      (rule === notKnown ? ["not known in a preview"] : ruleProblems(rule)).map(
        (problem) => `rules[${index}]: ${problem}`,
      ),
    ),
  ];
}

function bindingProblems({ props }: Resource): string[] {
  const role = at(props, "roleRef", "name");
  return [
    ...(mighty.has(text(role) ?? "") ? [`roleRef.name is ${shown(role)}`] : []),
    ...items(at(props, "subjects")).flatMap((subject, index) => {
      const name = text(at(subject, "name")) ?? "";
      return crowds.test(name) ? [`subjects[${index}].name is ${shown(name)}`] : [];
    }),
  ];
}

/** An account that is not known to be without a token has one. */
const tokenProblems = (holder: unknown): string[] =>
  at(holder, "automountServiceAccountToken") === false ? [] : ["automountServiceAccountToken is not false"];

const judges: Readonly<Record<string, (resource: Resource) => readonly string[]>> = {
  [`${group}/Role`]: roleProblems,
  [`${group}/ClusterRole`]: roleProblems,
  [`${group}/RoleBinding`]: bindingProblems,
  [`${group}/ClusterRoleBinding`]: bindingProblems,
  "core/ServiceAccount": ({ props }) => tokenProblems(props),
};
/** A pod that needs the API mounts a token of its own, by a projected volume: its audience and its end stand in the review. */
const judgePods = judgePod((pod) => tokenProblems(pod.spec));

export const rbacLeastPrivilege: Rule = {
  name: "frappe-rbac-least-privilege",
  description: "No role, binding or pod has more rights than its work needs.",
  remedy:
    "Name each verb and resource; set automountServiceAccountToken to false, and give a pod that calls the API a projected token",
  judge: (resource) => (judges[resource.kind] ?? judgePods)(resource),
};
