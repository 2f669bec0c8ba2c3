/**
 * The table of flows, read as a judge reads it: who is who, and which connection it grants. It knows nothing of policies; the
 * evaluator of tests/judges knows nothing of the table; the tests compare the two.
 */
import { actorsOf } from "../judges/connectivity.ts";
import { at, type KubernetesObject } from "../judges/kubernetes-object.ts";
import { type End, lets, type Port, selecting } from "../judges/network-policy.ts";
import { labels } from "../../constants/labels.ts";
import type { Peer } from "../../topology/types.ts";
import type { StackRecording } from "../support/record-stack.ts";
import { operatorPods } from "./cluster.ts";

export interface Party {
  readonly name: string;
  readonly end: End;
  /** Set on pods of the stack itself. */
  readonly component?: string;
}

const number = (ip: string) => ip.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
const address = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

/** First and last address of a range, and its neighbours on both sides. */
function around(cidr: string): string[] {
  const [first = "", bits = ""] = cidr.split("/");
  const start = number(first);
  const size = 2 ** (32 - Number(bits));
  return [start, start + size - 1, start - 1, start + size].map(address);
}

const inside = (ip: string, cidr: string) => {
  const [first = "", bits = ""] = cidr.split("/");
  const size = 2 ** (32 - Number(bits));
  return number(ip) >= number(first) && number(ip) < number(first) + size;
};

const elsewhere = ["169.254.169.254", "169.254.170.2", "1.1.1.1", "10.96.0.1", "10.244.3.7", "192.168.1.10"];

function outsiders({ plan }: StackRecording): Party[] {
  const peers = plan.network.flows.flatMap(({ from, to }) => [from, to]);
  const pods = peers.flatMap((peer): Party[] =>
    "namespace" in peer
      ? [
          { name: `declared pod in ${peer.namespace}`, end: { namespace: peer.namespace, labels: peer.podLabels } },
          { name: `other pod in ${peer.namespace}`, end: { namespace: peer.namespace, labels: { app: "other" } } },
          { name: `one like those in ${peer.namespace}`, end: { namespace: "frappe-other", labels: peer.podLabels } },
        ]
      : [],
  );
  const declared = peers.flatMap((peer) => ("addresses" in peer ? peer.addresses.flatMap(around) : []));
  const ips = [...new Set([...declared, ...elsewhere])].map((ip) => ({ name: ip, end: { ip } }));
  const namespace = plan.network.dnsNamespace;
  const dns = { name: "DNS", end: { namespace, labels: { "k8s-app": "kube-dns" } } };
  const strange = { name: "a pod in another namespace", end: { namespace: "default", labels: { app: "other" } } };
  const components = peers.flatMap((peer) => ("component" in peer ? [peer.component] : []));
  const twins = [...new Set(components)].map((component) => ({
    name: `${component} of another stack`,
    end: { namespace: "frappe-other", labels: { [labels.component]: component } },
  }));
  return [...pods, ...ips, dns, strange, ...twins];
}

/** Everybody: each workload of the stack, an operator's pods, a pod that fell into the namespace, and the world outside. */
export function partiesOf(recording: StackRecording): Party[] {
  const pods = actorsOf([...recording.objects, ...operatorPods(recording)]).map(({ name, end }): Party => {
    const component = "labels" in end ? end.labels[labels.component] : undefined;
    return component === undefined ? { name, end } : { name, end, component };
  });
  const { namespace } = recording.config.platform;
  const stranger = { name: "a pod without labels", end: { namespace, labels: {} } };
  return [...pods, stranger, ...outsiders(recording)];
}

function isMeant(peer: Peer, { end, component }: Party): boolean {
  if ("component" in peer) return component === peer.component;
  if ("addresses" in peer) return !("labels" in end) && peer.addresses.some((cidr) => inside(end.ip, cidr));
  if (!("labels" in end) || end.namespace !== peer.namespace) return false;
  return Object.entries(peer.podLabels).every(([key, value]) => end.labels[key] === value);
}

/** Whether the table grants the connection; the resolving of names stands beside it, for every component. */
export function granted({ plan }: StackRecording, from: Party, to: Party, { port, protocol = "TCP" }: Port): boolean {
  const { flows, dnsNamespace } = plan.network;
  const dns = "labels" in to.end && to.end.namespace === dnsNamespace && port === 53;
  if (from.component !== undefined && dns) return true;
  return flows.some(
    (flow) =>
      isMeant(flow.from, from) &&
      isMeant(flow.to, to) &&
      flow.ports.some((one) => one.port === port && one.protocol === protocol),
  );
}

/** Ports that any flow or container names, and some that none does. */
function portsOf({ plan, objects }: StackRecording): Port[] {
  const listening = actorsOf(objects).flatMap(({ listens }) => listens.map(({ port }) => port));
  const flowing = plan.network.flows.flatMap(({ ports }) => ports.map(({ port }) => port));
  const numbers = [...new Set([...listening, ...flowing, 22, 53, 80, 443, 10250])];
  return numbers.flatMap((port) => ["TCP", "UDP"].map((protocol) => ({ port, protocol })));
}

interface Questions {
  readonly parties: readonly Party[];
  readonly ports: readonly Port[];
  /** Whether the table grants each of the ports. */
  readonly wants: (from: Party, to: Party) => readonly boolean[];
}

const known = new WeakMap<StackRecording, Questions>();

/** A recording is asked the same thousands of questions for every way of spoiling its policies: the table's answers are kept. */
function questionsOf(recording: StackRecording): Questions {
  const found = known.get(recording);
  if (found !== undefined) return found;
  const parties = partiesOf(recording);
  const ports = portsOf(recording);
  const answers = new Map<Party, Map<Party, readonly boolean[]>>(parties.map((party) => [party, new Map()]));
  const wants = (from: Party, to: Party) => {
    const row = answers.get(from);
    const answer = row?.get(to) ?? ports.map((port) => granted(recording, from, to, port));
    row?.set(to, answer);
    return answer;
  };
  const questions = { parties, ports, wants };
  known.set(recording, questions);
  return questions;
}

export type Side = "Ingress" | "Egress";

/** What is asked of one side only: the other is left open, since each must hold even where the other has a hole. */
const oneSided = (policies: readonly KubernetesObject[], side: Side) =>
  policies.map((policy) => ({ ...policy, spec: { ...at(policy, "spec"), policyTypes: [side] } }));

/**
 * Every connection that policies and table disagree about, in words, each side by itself; one after the other, so that whoever
 * only asks whether there is any need not wait for all.
 * @param of pods of the namespace that are asked about; all of them when left out
 */
export function* disagreements(
  recording: StackRecording,
  policies: readonly KubernetesObject[],
  sides: readonly Side[] = ["Ingress", "Egress"],
  of: (own: Party) => boolean = () => true,
): Generator<string> {
  const { parties, ports, wants } = questionsOf(recording);
  const { namespace } = recording.config.platform;
  const own = parties.filter((party) => "labels" in party.end && party.end.namespace === namespace && of(party));
  for (const side of sides) {
    const open = oneSided(policies, side);
    for (const party of own) {
      // The other side is open: what selects this end alone decides.
      const selected = selecting(open, side, party.end);
      for (const peer of parties) {
        const [from, to] = side === "Egress" ? [party, peer] : [peer, party];
        const granting = wants(from, to);
        for (const [at, port] of ports.entries()) {
          const wanted = granting[at] ?? false;
          if (lets(selected, side, peer.end, port, to.end, {}) === wanted) continue;
          const line = `${side}: ${from.name} -> ${to.name}:${port.port}/${port.protocol}`;
          yield `${line} is ${wanted ? "refused, and should be allowed" : "allowed, and should be refused"}`;
        }
      }
    }
  }
}
