/**
 * Nobody talks to anybody, but for what is written down: each namespace with pods refuses both ways, each workload has a policy of
 * its own that says what it may, and none of them opens every port to everywhere.
 *
 * Pods that an operator makes are not in the stack: their namespace counts, their labels are the operator's.
 */
import { labels } from "../constants/labels.ts";
import { at, items, notKnown, shown, text } from "./shared/known.ts";
import { podOf } from "./shared/pods.ts";
import type { Finding, Resource, Rule } from "./shared/rule.ts";
import { isEmptySelector, selects } from "./shared/selectors.ts";

type Way = "Ingress" | "Egress";
const ways = ["Ingress", "Egress"] as const;
const rulesAt = { Ingress: "ingress", Egress: "egress" } as const;
const peersAt = { Ingress: "from", Egress: "to" } as const;

const networkPolicy = "networking.k8s.io/NetworkPolicy";
const podMakers = new Set(["k8s.mariadb.com/MariaDB", "postgresql.cnpg.io/Cluster"]);
/** This share of all addresses is everywhere, in one range or in many: wider than one /8. */
const everywhere = 2 ** -7;

const namespaceOf = (resource: Resource) => at(resource.props, "metadata", "namespace") ?? "default";
const named = (namespace: unknown) =>
  namespace === notKnown ? "a namespace not known in a preview" : shown(namespace);
const specOf = (resource: Resource) => at(resource.props, "spec");

/** Ways that a policy speaks of. Without policyTypes it is ingress, and egress where it has rules for it (networking/v1). */
function waysOf(policy: Resource): readonly unknown[] {
  const types = at(specOf(policy), "policyTypes");
  if (types !== undefined) return items(types);
  return at(specOf(policy), "egress") === undefined ? ["Ingress"] : ways;
}

function deniesAll(policy: Resource, way: Way): boolean {
  const rules = at(specOf(policy), rulesAt[way]);
  return (
    isEmptySelector(at(specOf(policy), "podSelector")) &&
    waysOf(policy).includes(way) &&
    rules !== notKnown &&
    items(rules).length === 0
  );
}

/** The share of all addresses that a peer takes. Every namespace is everywhere, whatever its pods are called. */
function shareOf(peer: unknown): number {
  const namespaces = at(peer, "namespaceSelector");
  const bits = /\/(\d+)$/.exec(text(at(peer, "ipBlock", "cidr")) ?? "")?.[1];
  if (namespaces !== undefined && isEmptySelector(namespaces)) {
    return 1;
  }
  return bits === undefined ? 0 : 2 ** -Number(bits);
}

/** An absent or empty list of peers is everybody. */
function shareOfRule(peers: unknown): number {
  if (peers === notKnown) {
    return 0;
  }
  return items(peers).length === 0 ? 1 : items(peers).reduce<number>((sum, peer) => sum + shareOf(peer), 0);
}

/** Whether ports are all ports: none named, one without a number, or a range. */
const isEveryPort = (ports: unknown) =>
  ports !== notKnown &&
  (items(ports).length === 0 ||
    items(ports).some((port) => at(port, "port") === undefined || at(port, "endPort") !== undefined));

/** Rules of a policy that open every port to everybody, each by itself or all together. */
function openRules(policy: Resource): string[] {
  return ways.flatMap((way) => {
    const shares = items(at(specOf(policy), rulesAt[way])).map((rule) =>
      isEveryPort(at(rule, "ports")) ? shareOfRule(at(rule, peersAt[way])) : 0,
    );
    const wide = shares.flatMap((share, index) => (share >= everywhere ? [`${rulesAt[way]}[${index}]`] : []));
    const isWideTogether = shares.reduce((sum, share) => sum + share, 0) >= everywhere;
    const said = wide.length === 0 && isWideTogether ? [rulesAt[way]] : wide;
    return said.map((where) => `${where}: every address on every port`);
  });
}

/** A policy of every pod is for refusing: what it allows, it allows to those too who need it not. */
const forAll = (policy: Resource): string[] =>
  ways
    .map((way) => rulesAt[way])
    .filter((list) => isEmptySelector(at(specOf(policy), "podSelector")) && items(at(specOf(policy), list)).length > 0)
    .map((list) => `${list}: allowed to every pod of the namespace, where each workload has a policy of its own`);

/** One finding a namespace and way, at the first resource that makes pods there. */
function undenied(makers: readonly Resource[], policies: readonly Resource[]): Finding[] {
  const first = new Map(makers.map((maker) => [namespaceOf(maker), maker] as const).reverse());
  return [...first].flatMap(([namespace, resource]) =>
    ways
      .filter((way) => !policies.some((policy) => namespaceOf(policy) === namespace && deniesAll(policy, way)))
      .map((way) => ({
        resource,
        problem: `no NetworkPolicy of ${named(namespace)} refuses ${rulesAt[way]} to all pods`,
      })),
  );
}

function unnamed(makers: readonly Resource[], policies: readonly Resource[]): Finding[] {
  return makers.flatMap((resource) => {
    const pod = podOf(resource);
    const component = at(pod?.labels, labels.component);
    const own = policies.filter((policy) => {
      const selector = at(specOf(policy), "podSelector");
      // By name: an expression that many fulfil is nobody's own.
      const isByName = text(component) !== undefined && at(selector, "matchLabels", labels.component) === component;
      return namespaceOf(policy) === namespaceOf(resource) && isByName && selects(selector, pod?.labels);
    });
    return pod === undefined || own.length > 0
      ? []
      : [{ resource, problem: `no NetworkPolicy of ${named(namespaceOf(resource))} says what its pods may do` }];
  });
}

export const networkPolicyDefaultDeny: Rule = {
  name: "frappe-networkpolicy-default-deny",
  description: "Every namespace with pods refuses all traffic but what a policy of each workload allows.",
  remedy:
    "Plan the workload's flows in topology/network.ts; outside addresses and ports stand in frappe:network.egress",
  judgeStack: (resources) => {
    const policies = resources.filter(({ kind }) => kind === networkPolicy);
    const makers = resources.filter((resource) => podOf(resource) !== undefined || podMakers.has(resource.kind));
    return [
      ...undenied(makers, policies),
      ...unnamed(makers, policies),
      ...policies.flatMap((resource) =>
        [...forAll(resource), ...openRules(resource)].map((problem) => ({ resource, problem })),
      ),
    ];
  },
};
