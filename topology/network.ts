/**
 * Who may talk to whom: the whole table. Everything that is not in it is refused, in both directions; the policies are made
 * from it and the tests compare the two.
 */
import type { StackConfig } from "../config/stack.ts";
import { ports } from "../constants/ports.ts";
import type { BenchContext } from "./bench/context.ts";
import type { DatabasePlan } from "./database/index.ts";
import type { RedisPlan } from "./redis.ts";
import type { RoomPlan } from "./room.ts";
import type { Flow, Peer } from "./types.ts";

/** Roles that run Frappe's code with a database and jobs. */
const frappeRoles = ["web", "scheduler", "worker"] as const;
/** Roles that act on people's behalf outside: mail, webhooks, payment. */
const outgoingRoles = ["web", "worker"] as const;

export const component = (name: string): Peer => ({ component: name });
export const tcp = (...numbers: readonly number[]) => numbers.map((port) => ({ port, protocol: "TCP" as const }));

function benchFlows({ edge }: StackConfig): Flow[] {
  return [
    { from: edge.controller, to: component("nginx"), ports: tcp(ports.nginx), why: "requests from the edge" },
    { from: component("nginx"), to: component("web"), ports: tcp(ports.web), why: "requests" },
    ...(edge.kind === "gateway"
      ? [
          {
            from: component("nginx"),
            to: component("nginx"),
            ports: tcp(ports.nginxPeer),
            why: "assets of another release's set, and a canary's requests when its web is gone",
          },
        ]
      : []),
    { from: component("nginx"), to: component("socketio"), ports: tcp(ports.socketio), why: "realtime" },
    { from: component("socketio"), to: component("web"), ports: tcp(ports.web), why: "whose session it is" },
  ];
}

/** Where the database answers. */
export const databasePeer = (database: Pick<DatabasePlan, "mode"> & { addresses?: readonly string[] }): Peer =>
  database.addresses ? { addresses: database.addresses } : component("database");

function databaseFlows(database: DatabasePlan, config: StackConfig): Flow[] {
  const to = databasePeer(database);
  const clients = frappeRoles.map((role) => ({
    from: component(role),
    to,
    ports: tcp(database.port),
    why: "data",
  }));
  if (database.mode !== "operator") {
    return clients;
  }
  const { memberPorts, operatorPorts, operatorNamespace } = database.cluster;
  const operator: Peer = { namespace: operatorNamespace, podLabels: {} };
  const apiServer = config.network.apiServer;
  return [
    ...clients,
    { from: component("database"), to: component("database"), ports: tcp(...memberPorts), why: "replication" },
    { from: operator, to: component("database"), ports: tcp(...operatorPorts), why: "the operator's checks" },
    ...(apiServer === undefined
      ? []
      : [
          {
            from: component("database"),
            to: { addresses: apiServer.addresses },
            ports: tcp(...apiServer.ports),
            why: "members and their operator's state",
          },
        ]),
  ];
}

/** Where a Redis of the stack answers. */
export function redisTarget(redis: RedisPlan, role: "cache" | "queue"): Pick<Flow, "to" | "ports"> {
  switch (redis.mode) {
    case "embedded":
      return { to: component(redis[role].host), ports: tcp(ports.redis) };
    case "external":
      return { to: { addresses: redis[role].addresses }, ports: tcp(redis[role].port) };
  }
}

function redisFlows(redis: RedisPlan): Flow[] {
  const target = (role: "cache" | "queue") => redisTarget(redis, role);
  return [
    ...frappeRoles.flatMap((role): Flow[] => [
      { from: component(role), ...target("cache"), why: "cache" },
      { from: component(role), ...target("queue"), why: "jobs and events" },
    ]),
    { from: component("socketio"), ...target("queue"), why: "events" },
  ];
}

/** What the stack file allows outside. */
function declaredFlows({ network }: StackConfig): Flow[] {
  return Object.entries(network.egress).flatMap(([name, { addresses, ports: numbers }]) =>
    outgoingRoles.map((role) => ({ from: component(role), to: { addresses }, ports: tcp(...numbers), why: name })),
  );
}

/** Every component with pods, each of which may resolve names. */
export const dnsPorts: Flow["ports"] = [
  { port: ports.dns, protocol: "UDP" },
  { port: ports.dns, protocol: "TCP" },
];

export interface NetworkPlan {
  readonly flows: readonly Flow[];
  /** Every component with pods of ours, those without a flow too: each may resolve names. */
  readonly components: readonly string[];
  readonly dnsNamespace: string;
}

export function planNetwork(
  context: BenchContext,
  database: DatabasePlan,
  redis: RedisPlan,
  rooms: readonly RoomPlan[],
): NetworkPlan {
  const { config } = context;
  return {
    flows: [
      ...benchFlows(config),
      ...databaseFlows(database, config),
      ...redisFlows(redis),
      ...declaredFlows(config),
      ...rooms.flatMap(({ flows }) => flows),
    ],
    components: [
      ...new Set(rooms.flatMap(({ workloads, scheduled }) => [...workloads, ...scheduled]).map((one) => one.component)),
    ],
    dnsNamespace: config.network.dns.namespace,
  };
}
