// What NetworkPolicies let through, by the rules of the networking.k8s.io/v1 API: a pod that no policy selects for a
// direction is open in it; a selected one takes the union of what its policies allow; a connection needs both ends.
import {
  type Json,
  type KubernetesObject,
  type Labels,
  at,
  isObject,
  listAt,
  namespaceOf,
  textAt,
  valueAt,
} from "./kubernetes-object.ts";
import { inBlock } from "./ip-block.ts";
import { selects } from "./selectors.ts";

export interface PodEnd {
  namespace: string;
  labels: Labels;
  /** Named container ports, so that policies may name them. */
  ports?: readonly { name?: string; containerPort: number; protocol?: string }[];
  /** Its address, where ipBlock rules shall be judged against it too. */
  ip?: string;
}

/** Something outside the cluster, known by its address only. */
export interface AddressEnd {
  ip: string;
}

export type End = PodEnd | AddressEnd;

export interface Port {
  port: number;
  /** @default "TCP" */
  protocol?: string;
}

/** Labels of each namespace; `kubernetes.io/metadata.name` is added as the API server adds it. */
export type Namespaces = Readonly<Record<string, Labels>>;

type Direction = "Ingress" | "Egress";

/** Whether a connection from one end to a port of the other is let through by both. */
export const allowed = (
  policies: readonly KubernetesObject[],
  from: End,
  to: End,
  port: Port,
  namespaces: Namespaces,
): boolean => judge(policies, from, to, port, namespaces).allowed;

/** The same with the reason: which policies allow, or what denies. */
export function judge(
  policies: readonly KubernetesObject[],
  from: End,
  to: End,
  port: Port,
  namespaces: Namespaces,
): { allowed: boolean; why: string } {
  const egress = oneSide(policies, "Egress", from, to, port, to, namespaces);
  const ingress = oneSide(policies, "Ingress", to, from, port, to, namespaces);
  return { allowed: egress.allowed && ingress.allowed, why: `${egress.why}; ${ingress.why}` };
}

/** @param own the end that the policies may select @param server the end that the port is on */
function oneSide(
  policies: readonly KubernetesObject[],
  direction: Direction,
  own: End,
  peer: End,
  port: Port,
  server: End,
  namespaces: Namespaces,
) {
  if (!isPod(own)) return { allowed: true, why: `${direction}: no pod` };
  const selecting = policies.filter(
    (policy) =>
      concerns(policy, direction) &&
      namespaceOf(policy) === own.namespace &&
      selects(at(policy, "spec", "podSelector"), own.labels),
  );
  if (selecting.length === 0) return { allowed: true, why: `${direction}: no policy selects the pod` };
  const [rules, peers] = direction === "Ingress" ? ["ingress", "from"] : ["egress", "to"];
  const allowing = selecting.filter((policy) =>
    listAt(policy, "spec", rules).some(
      (rule) => peerMatches(rule, peers, policy, peer, namespaces) && portMatches(rule, port, server),
    ),
  );
  const names = (list: readonly KubernetesObject[]) => list.map(({ metadata }) => metadata.name).join(", ");
  return allowing.length > 0
    ? { allowed: true, why: `${direction}: allowed by ${names(allowing)}` }
    : { allowed: false, why: `${direction}: denied, since none of ${names(selecting)} allows it` };
}

const isPod = (end: End): end is PodEnd => "labels" in end;

/** Without policyTypes: always ingress, and egress when there are egress rules. */
function concerns(policy: KubernetesObject, direction: Direction): boolean {
  const types = valueAt(policy, "spec", "policyTypes");
  if (Array.isArray(types) && types.length > 0) return types.includes(direction);
  return direction === "Ingress" || listAt(policy, "spec", "egress").length > 0;
}

function peerMatches(rule: Json, field: string, policy: KubernetesObject, peer: End, namespaces: Namespaces): boolean {
  const list = listAt(rule, field);
  if (list.length === 0) return true;
  return list.some((entry) => {
    if (isObject(entry["ipBlock"])) return peer.ip !== undefined && inBlock(peer.ip, entry["ipBlock"]);
    if (!isPod(peer)) return false;
    const inNamespace = isObject(entry["namespaceSelector"])
      ? selects(entry["namespaceSelector"], namespaceLabels(peer.namespace, namespaces))
      : peer.namespace === namespaceOf(policy);
    return inNamespace && (!isObject(entry["podSelector"]) || selects(entry["podSelector"], peer.labels));
  });
}

const namespaceLabels = (name: string, namespaces: Namespaces): Labels => ({
  ...namespaces[name],
  "kubernetes.io/metadata.name": name,
});

function portMatches(rule: Json, { port, protocol = "TCP" }: Port, server: End): boolean {
  const list = listAt(rule, "ports");
  if (list.length === 0) return true;
  return list.some((entry) => {
    if ((textAt(entry, "protocol") ?? "TCP") !== protocol) return false;
    const wanted = entry["port"];
    if (wanted === undefined) return true;
    if (typeof wanted === "number") return port >= wanted && port <= Number(entry["endPort"] ?? wanted);
    const named = isPod(server) ? (server.ports ?? []) : [];
    return named.some(
      (one) => one.name === wanted && one.containerPort === port && (one.protocol ?? "TCP") === protocol,
    );
  });
}
