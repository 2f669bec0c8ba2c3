/** What stands where and who talks to whom, drawn from a plan in Mermaid's words. Pure. */
import type { StackPlan } from "../topology/plan.ts";
import type { Flow, Peer } from "../topology/types.ts";

/** Whose flows a picture shows: those of one part of the platform, since all of them in one would be a knot. */
export type Part = "platform" | "monitoring";

const monitoring = "monitoring";

/** Room of each component that has pods. */
function rooms({ bench, database, redis, services, backup, monitoring: watch }: StackPlan): Map<string, string> {
  const own = [
    ...bench.workloads,
    ...(database.mode === "embedded" ? [database.embedded.workload] : []),
    ...(redis.mode === "embedded" ? redis.servers.map(({ workload }) => workload) : []),
    ...[services, backup, watch].flatMap(({ workloads, scheduled }) => [...workloads, ...scheduled]),
  ];
  const found = new Map(own.map(({ component, room }) => [component, room]));
  // An operator's pods are in no plan of ours.
  return database.mode === "operator" ? found.set("database", "database") : found;
}

const identifier = (text: string) => text.replaceAll(/[^A-Za-z0-9]+/g, "_");

/** Where a flow ends, or begins, outside the namespace. */
function outside(peer: Exclude<Peer, { component: string }>, { why }: Flow): string {
  return "namespace" in peer ? `namespace ${peer.namespace}` : why;
}

const nameOf = (peer: Peer, flow: Flow) => ("component" in peer ? peer.component : outside(peer, flow));

const partOf = ({ from, to }: Flow, roomOf: ReadonlyMap<string, string>): Part =>
  [from, to].some((peer) => "component" in peer && roomOf.get(peer.component) === monitoring)
    ? "monitoring"
    : "platform";

/** One arrow for all flows between two ends. */
function arrows(flows: readonly Flow[]): string[] {
  const ports = new Map<string, Set<number>>();
  for (const flow of flows) {
    const ends = `${identifier(nameOf(flow.from, flow))} -->|@| ${identifier(nameOf(flow.to, flow))}`;
    const known = ports.get(ends) ?? new Set<number>();
    flow.ports.forEach(({ port }) => known.add(port));
    ports.set(ends, known);
  }
  return [...ports]
    .map(([ends, numbers]) => `  ${ends.replace("@", [...numbers].sort((a, b) => a - b).join(" "))}`)
    .sort();
}

function boxes(flows: readonly Flow[], roomOf: ReadonlyMap<string, string>): string[] {
  const byRoom = new Map<string, Set<string>>();
  const abroad = new Set<string>();
  for (const flow of flows) {
    for (const peer of [flow.from, flow.to]) {
      if ("component" in peer) {
        const room = roomOf.get(peer.component) ?? "outside";
        byRoom.set(room, (byRoom.get(room) ?? new Set<string>()).add(peer.component));
      } else {
        abroad.add(outside(peer, flow));
      }
    }
  }
  const groups = [...byRoom]
    .sort()
    .flatMap(([room, components]) => [
      `  subgraph room_${identifier(room)} ["${room}"]`,
      ...[...components].sort().map((component) => `    ${identifier(component)}["${component}"]`),
      "  end",
    ]);
  return [...groups, ...[...abroad].sort().map((name) => `  ${identifier(name)}(["${name}"])`)];
}

/** The picture of one part of a stack, without fences. */
export function diagram(plan: StackPlan, part: Part): string {
  const roomOf = rooms(plan);
  const flows = plan.network.flows.filter((flow) => partOf(flow, roomOf) === part);
  return ["flowchart LR", ...boxes(flows, roomOf), ...arrows(flows)].join("\n");
}
