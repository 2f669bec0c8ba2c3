/** Nobody may do more than their work: no wildcards, no reading of Secrets at large, no way to become somebody else. */
import { at, items, notKnown, shown, text } from "./shared/known.ts";
import { judgePod } from "./shared/pods.ts";
import type { Finding, Resource, Rule } from "./shared/rule.ts";

const group = "rbac.authorization.k8s.io";
const lists = ["apiGroups", "resources", "verbs", "nonResourceURLs"] as const;

/** Verbs by which a role gives itself, or its holder, more than it has. */
const becoming = new Set(["escalate", "bind", "impersonate"]);
/** Takes all of a kind at once, and no name holds it. */
const sweeping = "deletecollection";
/** Ways into what runs: as good as every right of the pods and nodes they lead to. */
const doors = new Set([
  ...["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "nodes/proxy"],
  ...["pods/ephemeralcontainers", "serviceaccounts/token"],
]);
/** What runs as whom it names, or decides what others may run: whoever makes or changes one has the rights of all of them. */
const makers = new Set([
  ..."pods podtemplates replicationcontrollers deployments statefulsets daemonsets replicasets jobs cronjobs".split(
    " ",
  ),
  ..."namespaces persistentvolumes serviceaccounts roles rolebindings clusterroles clusterrolebindings".split(" "),
  ..."mutatingwebhookconfigurations validatingwebhookconfigurations mutatingadmissionpolicies".split(" "),
  ..."mutatingadmissionpolicybindings validatingadmissionpolicies validatingadmissionpolicybindings".split(" "),
  ..."apiservices customresourcedefinitions certificatesigningrequests/approval certificatesigningrequests/status".split(
    " ",
  ),
]);
const making = ["create", "patch", "update"] as const;
/** Verbs on a signer's name (certificates.k8s.io). */
const signing = ["approve", "sign"];
const reading = ["get", "list", "watch"] as const;

/** Roles of Kubernetes' own that read every Secret of what they are bound to. */
const mighty = new Set(["cluster-admin", "admin", "edit"]);
/** Kubernetes' own roles, which are its controllers', and its own users and groups: nodes, crowds, those whom no rule restrains. */
const ownName = /^system:/;

const bindings = new Set([`${group}/RoleBinding`, `${group}/ClusterRoleBinding`]);

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
    ...verbs.filter((verb) => becoming.has(String(verb)) || verb === sweeping).map((verb) => `the verb ${shown(verb)}`),
    ...resources.filter((resource) => doors.has(String(resource))).map((resource) => `the resource ${shown(resource)}`),
    ...secretProblems(rule, verbs, resources),
    ...resources
      .filter((resource) => makers.has(String(resource)))
      .flatMap((resource) =>
        making.filter((verb) => verbs.includes(verb)).map((verb) => `${verb} of ${shown(resource)}`),
      ),
    ...(resources.includes("signers")
      ? signing.filter((verb) => verbs.includes(verb)).map((verb) => `${verb} of "signers"`)
      : []),
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
    ...(role === notKnown ? ["roleRef.name: not known in a preview, so nobody can judge the role"] : []),
    ...(mighty.has(text(role) ?? "") || ownName.test(text(role) ?? "") ? [`roleRef.name is ${shown(role)}`] : []),
    ...items(at(props, "subjects")).flatMap((subject, index) => {
      const name = text(at(subject, "name")) ?? "";
      return ownName.test(name) ? [`subjects[${index}].name is ${shown(name)}`] : [];
    }),
  ];
}

/** Roles that a binding names and the program does not declare: nobody has judged what they allow. */
function strangers(resources: readonly Resource[]): Finding[] {
  const isNamed = (role: Resource, kind: unknown, name: unknown) =>
    role.kind === `${group}/${String(kind)}` && at(role.props, "metadata", "name") === name;
  return resources
    .filter(({ kind }) => bindings.has(kind))
    .flatMap((resource) => {
      const [kind, name] = [at(resource.props, "roleRef", "kind"), at(resource.props, "roleRef", "name")];
      return name === notKnown || resources.some((role) => isNamed(role, String(kind), name))
        ? []
        : [
            {
              resource,
              problem: `roleRef: no ${String(kind)} ${shown(name)} is declared here, so nobody has judged it`,
            },
          ];
    });
}

/** Such a Secret is filled with a token that does not end. */
const secretTypeProblems = ({ props }: Resource) =>
  at(props, "type") === "kubernetes.io/service-account-token" ? ["the type kubernetes.io/service-account-token"] : [];

/** An account that is not known to be without a token has one. */
const tokenProblems = (holder: unknown): string[] =>
  at(holder, "automountServiceAccountToken") === false ? [] : ["automountServiceAccountToken is not false"];

const judges: Readonly<Record<string, (resource: Resource) => readonly string[]>> = {
  [`${group}/Role`]: roleProblems,
  [`${group}/ClusterRole`]: roleProblems,
  [`${group}/RoleBinding`]: bindingProblems,
  [`${group}/ClusterRoleBinding`]: bindingProblems,
  "core/Secret": secretTypeProblems,
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
  judgeStack: strangers,
};
