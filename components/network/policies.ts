/** The table of flows → one NetworkPolicy a component, and one that refuses the rest. Pure. */
import type { NetworkPlan } from "../../topology/network.ts";
import { dnsPorts } from "../../topology/network.ts";
import { selectorOf } from "../../topology/labels.ts";
import type { Flow, Peer } from "../../topology/types.ts";

type Ports = { port: number; protocol: "TCP" | "UDP" }[];

type PeerRule =
  | { podSelector: { matchLabels: Record<string, string> } }
  | { namespaceSelector: { matchLabels: Record<string, string> }; podSelector: { matchLabels: Record<string, string> } }
  | { ipBlock: { cidr: string } };

export interface PolicySpec {
  readonly component: string;
  readonly ingress: { from: PeerRule[]; ports: Ports }[];
  readonly egress: { to: PeerRule[]; ports: Ports }[];
}

const inNamespace = (name: string) => ({ matchLabels: { "kubernetes.io/metadata.name": name } });

function rules(peer: Peer): PeerRule[] {
  if ("component" in peer) {
    return [{ podSelector: { matchLabels: { ...selectorOf(peer.component) } } }];
  }
  if ("addresses" in peer) {
    return peer.addresses.map((cidr) => ({ ipBlock: { cidr } }));
  }
  return [{ namespaceSelector: inNamespace(peer.namespace), podSelector: { matchLabels: { ...peer.podLabels } } }];
}

const isComponent = (peer: Peer, component: string) => "component" in peer && peer.component === component;
const portsOf = ({ ports }: Flow): Ports => ports.map(({ port, protocol }) => ({ port, protocol }));

/** Components that a flow begins or ends at. */
const componentsOf = (flows: readonly Flow[]): string[] => [
  ...new Set(
    flows.flatMap(({ from, to }) => [from, to].flatMap((peer) => ("component" in peer ? [peer.component] : []))),
  ),
];

export function policySpecs({ flows, components, dnsNamespace }: NetworkPlan): PolicySpec[] {
  const dns = {
    to: [{ namespaceSelector: inNamespace(dnsNamespace), podSelector: { matchLabels: {} } }],
    ports: [...dnsPorts],
  };
  return [...new Set([...componentsOf(flows), ...components])].map((component) => ({
    component,
    ingress: flows
      .filter(({ to }) => isComponent(to, component))
      .map((flow) => ({ from: rules(flow.from), ports: portsOf(flow) })),
    egress: [
      dns,
      ...flows
        .filter(({ from }) => isComponent(from, component))
        .map((flow) => ({ to: rules(flow.to), ports: portsOf(flow) })),
    ],
  }));
}
