/**
 * Nobody talks to anybody, but for what is written down: each namespace with pods refuses both ways, each workload has a policy of
 * its own that says what it may, and none of them opens every port to everywhere.
 *
 * Pods that an operator makes are not in the stack: their namespace counts, their labels are the operator's.
 */
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
/** A range this wide, in bits that are fixed, is no range. */
const everywhereBits = 1;

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

function isEverywhere(peer: unknown): boolean {
  const bits = /\/(\d+)$/.exec(text(at(peer, "ipBlock", "cidr")) ?? "")?.[1];
  return bits !== undefined && Number(bits) <= everywhereBits;
}

/** Rules of a policy that open every port to everybody; an absent or empty list of peers is everybody. */
function openRules(policy: Resource): string[] {
  return ways.flatMap((way) =>
    items(at(specOf(policy), rulesAt[way])).flatMap((rule, index) => {
      const [peers, ports] = [at(rule, peersAt[way]), at(rule, "ports")];
      const isOpen = ports !== notKnown && items(ports).length === 0;
      const isWide = peers !== notKnown && (items(peers).length === 0 || items(peers).some(isEverywhere));
      return isOpen && isWide ? [`${rulesAt[way]}[${index}]: every address on every port`] : [];
    }),
  );
}

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
    const own = policies.filter((policy) => {
      const selector = at(specOf(policy), "podSelector");
      return (
        namespaceOf(policy) === namespaceOf(resource) && !isEmptySelector(selector) && selects(selector, pod?.labels)
      );
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
      ...policies.flatMap((resource) => openRules(resource).map((problem) => ({ resource, problem }))),
    ];
  },
};
