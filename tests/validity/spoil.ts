/** Every way in which a rule of a NetworkPolicy could come to say less or more than the table. */
import { isObject, listAt, valueAt, type Json, type KubernetesObject } from "../judges/kubernetes-object.ts";
import type { Side } from "./table.ts";

export interface Spoiled {
  readonly what: string;
  readonly side: Side;
  readonly policy: KubernetesObject;
}

type Peers = "from" | "to";

/** Each spoils the rule in place, or answers false where there is nothing to spoil. */
const ways: Record<string, (rule: Json, peers: Peers) => boolean> = {
  "open to every port": (rule) => delete rule["ports"],
  "open to everybody": (rule, peers) => delete rule[peers],
  "one port further": (rule) => eachPort(rule, (entry) => (entry["port"] = Number(entry["port"]) + 1)),
  "a range of ports": (rule) => eachPort(rule, (entry) => (entry["endPort"] = 65_535)),
  "every protocol": (rule) => {
    const ports = listAt(rule, "ports");
    rule["ports"] = [...ports, ...ports.map((entry) => ({ ...entry, protocol: "UDP" }))];
    return !ports.some(({ protocol }) => protocol === "UDP");
  },
  "a wider range of addresses": (rule, peers) => {
    const blocks = listAt(rule, peers).flatMap(({ ipBlock }) => (isObject(ipBlock) ? [ipBlock] : []));
    for (const block of blocks) {
      block["cidr"] = String(block["cidr"]).replace(/\d+$/, (bits) => String(Number(bits) - 2));
    }
    return blocks.length > 0;
  },
  "every namespace": (rule, peers) => {
    const pods = listAt(rule, peers).filter(({ podSelector }) => podSelector !== undefined);
    for (const peer of pods) peer["namespaceSelector"] = {};
    return pods.length > 0;
  },
  "every pod": (rule, peers) => {
    const narrow = listAt(rule, peers).filter((peer) => hasLabels(valueAt(peer, "podSelector", "matchLabels")));
    for (const peer of narrow) peer["podSelector"] = {};
    return narrow.length > 0;
  },
};

const hasLabels = (value: unknown) => isObject(value) && Object.keys(value).length > 0;

function eachPort(rule: Json, change: (entry: Json) => void): boolean {
  listAt(rule, "ports").forEach(change);
  return true;
}

/** The policy with one of its rules removed or widened, each in turn. Rules that are alike are spoiled together. */
export function spoiledPolicies(policy: KubernetesObject): Spoiled[] {
  const sides = [
    ["Ingress", "ingress", "from"],
    ["Egress", "egress", "to"],
  ] as const;
  return sides.flatMap(([side, field, peers]) => {
    const rules = listAt(policy, "spec", field);
    const texts = [...new Set(rules.map((rule) => JSON.stringify(rule)))];
    const withRules = (changed: Json[]): KubernetesObject => {
      const spec = { ...(policy["spec"] as Json), [field]: changed };
      return { ...policy, spec };
    };
    return texts.flatMap((text): Spoiled[] => {
      const named = (how: string) => `${policy.metadata.name} ${field} ${text}: ${how}`;
      const others = rules.filter((rule) => JSON.stringify(rule) !== text);
      const removed = { what: named("removed"), side, policy: withRules(others) };
      const widened = Object.entries(ways).flatMap(([how, spoil]): Spoiled[] => {
        const rule = JSON.parse(text) as Json;
        return spoil(rule, peers) ? [{ what: named(how), side, policy: withRules([...others, rule]) }] : [];
      });
      return [removed, ...widened];
    });
  });
}
