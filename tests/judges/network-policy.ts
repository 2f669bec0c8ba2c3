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
): boolean =>
  lets(selecting(policies, "Egress", from), "Egress", to, port, to, namespaces) &&
  lets(selecting(policies, "Ingress", to), "Ingress", from, port, to, namespaces);

/** The same with the reason: which policies allow, or what denies. */
export function judge(
  policies: readonly KubernetesObject[],
  from: End,
  to: End,
  port: Port,
  namespaces: Namespaces,
): { allowed: boolean; why: string } {
  const egress = reason(selecting(policies, "Egress", from), "Egress", to, port, to, namespaces);
  const ingress = reason(selecting(policies, "Ingress", to), "Ingress", from, port, to, namespaces);
  return { allowed: allowed(policies, from, to, port, namespaces), why: `${egress}; ${ingress}` };
}

/** The policies that select an end for a direction; undefined for what no policy can select. */
export type Selecting = readonly KubernetesObject[] | undefined;

export const selecting = (policies: readonly KubernetesObject[], direction: Direction, own: End): Selecting =>
  isPod(own)
    ? policies.filter(
        (policy) =>
          concerns(policy, direction) &&
          namespaceOf(policy) === own.namespace &&
          selects(at(policy, "spec", "podSelector"), own.labels),
      )
    : undefined;

/** Whether one end's policies let a connection through. @param server the end that the port is on */
export const lets = (own: Selecting, ...connection: Connection): boolean =>
  own === undefined || own.length === 0 || own.some((policy) => allows(policy, ...connection));

type Connection = [direction: Direction, peer: End, port: Port, server: End, namespaces: Namespaces];

function allows(policy: KubernetesObject, ...[direction, peer, port, server, namespaces]: Connection): boolean {
  const [rules, peers] = direction === "Ingress" ? ["ingress", "from"] : ["egress", "to"];
  return listAt(policy, "spec", rules).some(
    (rule) => portMatches(rule, port, server) && peerMatches(rule, peers, policy, peer, namespaces),
  );
}

function reason(own: Selecting, ...connection: Connection): string {
  const [direction] = connection;
  if (own === undefined) return `${direction}: no pod`;
  if (own.length === 0) return `${direction}: no policy selects the pod`;
  const allowing = own.filter((policy) => allows(policy, ...connection));
  const names = (list: readonly KubernetesObject[]) => list.map(({ metadata }) => metadata.name).join(", ");
  return allowing.length > 0
    ? `${direction}: allowed by ${names(allowing)}`
    : `${direction}: denied, since none of ${names(own)} allows it`;
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
