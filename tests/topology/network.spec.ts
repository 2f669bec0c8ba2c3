import assert from "node:assert/strict";
import type { Flow, Peer } from "../../topology/types.ts";
import { planOf } from "../support/record-stack.ts";
import type { StackName } from "../support/stacks.ts";

const named = (peer: Peer): string => {
  if ("component" in peer) return peer.component;
  return "addresses" in peer ? `[${peer.addresses.join(" ")}]` : `namespace ${peer.namespace}`;
};
const lines = ({ from, to, ports }: Flow) => ports.map(({ port }) => `${named(from)} -> ${named(to)}:${port}`);
const table = (stack: StackName) => planOf(stack).network.flows.flatMap(lines).sort();

/** Written by hand from research/reliability.md §4, not from the planner. */
const inside = (edge: string) => [
  `namespace ${edge} -> nginx:8080`,
  "nginx -> web:8000",
  "nginx -> socketio:9000",
  "socketio -> web:8000",
];
/** Behind a Gateway a canary may stand beside the set that serves: each answers for what the other lacks. */
const beside = ["nginx -> nginx:8083"];
const toAll = (to: string) => ["web", "scheduler", "worker"].map((role) => `${role} -> ${to}`);
const embeddedRedis = [...toAll("redis-cache:6379"), ...toAll("redis-queue:6379"), "socketio -> redis-queue:6379"];
const fromOutgoing = (to: string) => ["web", "worker"].map((role) => `${role} -> ${to}`);

const ours = ["redis-cache:6379", "redis-queue:6379"];

/** Whom Prometheus asks, and whom the exporters ask: each its own. */
const monitoring = (database: string, exporter: number, redis = ours) =>
  [
    ...[
      "alertmanager:9093",
      "backup-exporter:9105",
      "blackbox-exporter:9115",
      "grafana:3000",
      "nginx:9113",
      "nginx:9114",
    ],
    ...["node-exporter:9100", "redis-exporter:9121", "redis-exporter:9122", "redis-queue:9101", "volume-exporter:9101"],
    `database-exporter:${exporter}`,
  ]
    .map((to) => `prometheus -> ${to}`)
    .concat(
      "grafana -> prometheus:9090",
      "blackbox-exporter -> nginx:8082",
      `database-exporter -> ${database}`,
      redis.map((to) => `redis-exporter -> ${to}`),
    );
const databaseVolume = "prometheus -> database:9101";
const backup = (database: string, redis = ours) => [
  `backup -> ${database}`,
  ...[database, ...redis].map((to) => `restore -> ${to}`),
];
/** Where a release's steps work, and whom they ask how the new set is. */
const steps = (database: string, redis = ours) =>
  [database, ...redis, "nginx:8082", "web:8000", "socketio:9000"].map((to) => `release -> ${to}`);
const portal = ["nginx -> service-portal:8000", "service-portal -> nginx:8082"];
const store = (to: string) => ["backup", "restore", "release", "backup-exporter"].map((role) => `${role} -> ${to}`);

const expected: Record<StackName, string[]> = {
  dev: [
    ...inside("kube-system"),
    ...toAll("database:3306"),
    ...embeddedRedis,
    ...monitoring("database:3306", 9104),
    databaseVolume,
    ...backup("database:3306"),
    ...steps("database:3306"),
  ],
  staging: [
    ...inside("envoy-gateway-system"),
    ...beside,
    ...toAll("database:3306"),
    ...embeddedRedis,
    ...fromOutgoing("[203.0.113.25/32]:587"),
    ...monitoring("database:3306", 9104),
    databaseVolume,
    ...portal,
    ...backup("database:3306"),
    ...steps("database:3306"),
  ],
  prod: [
    ...inside("envoy-gateway-system"),
    ...beside,
    ...toAll("database:3306"),
    ...[3306, 4444, 4567, 4568, 5555, 5566].map((port) => `database -> database:${port}`),
    ...[3306, 5555, 5566].map((port) => `namespace mariadb-operator -> database:${port}`),
    ...[443, 6443].map((port) => `database -> [10.0.0.10/32 10.0.0.11/32 10.0.0.12/32]:${port}`),
    ...embeddedRedis,
    ...fromOutgoing("[203.0.113.25/32]:587"),
    ...fromOutgoing("[198.51.100.0/24]:443"),
    ...monitoring("database:3306", 9104),
    ...[443, 587].map((port) => `alertmanager -> [203.0.113.25/32 192.0.2.0/24]:${port}`),
    "blackbox-exporter -> [203.0.113.80/32]:443",
    ...portal,
    "service-portal -> [198.51.100.64/26]:5432",
    ...backup("database:3306"),
    ...steps("database:3306"),
    ...store("[52.219.0.0/16 3.5.144.0/22]:443"),
  ],
  postgres: [
    ...inside("traefik"),
    ...toAll("database:5432"),
    ...[5432, 8000].map((port) => `database -> database:${port}`),
    ...[5432, 8000].map((port) => `namespace cnpg-system -> database:${port}`),
    ...[443, 6443].map((port) => `database -> [10.0.0.10/32]:${port}`),
    ...embeddedRedis,
    ...monitoring("database:5432", 9187),
    ...backup("database:5432"),
    ...steps("database:5432"),
    ...store("[10.30.0.9/32]:9000"),
  ],
  "postgres-embedded": [
    ...inside("envoy-gateway-system"),
    ...beside,
    ...toAll("database:5432"),
    ...embeddedRedis,
    ...monitoring("database:5432", 9187),
    databaseVolume,
    ...backup("database:5432"),
    ...steps("database:5432"),
  ],
  external: [
    ...inside("envoy-gateway-system"),
    ...beside,
    ...toAll("[10.60.0.0/24]:3306"),
    ...toAll("[10.61.0.0/24]:6379"),
    ...toAll("[10.61.0.0/24]:6379"),
    "socketio -> [10.61.0.0/24]:6379",
    ...backup("[10.60.0.0/24]:3306", ["[10.61.0.0/24]:6379", "[10.61.0.0/24]:6379"]),
    ...steps("[10.60.0.0/24]:3306", ["[10.61.0.0/24]:6379", "[10.61.0.0/24]:6379"]),
  ],
};

describe("topology/network", () => {
  for (const [stack, flows] of Object.entries(expected)) {
    it(`lets ${stack} talk exactly as the table says`, () => {
      assert.deepEqual(table(stack as StackName), flows.sort());
    });
  }

  it("lets the step of a canary ask Prometheus, and that of no other release", () => {
    const change = (values: { release?: object }) => void (values.release = { ...values.release, strategy: "canary" });
    const asks = (flows: readonly Flow[]) => flows.flatMap(lines).includes("release -> prometheus:9090");
    assert.equal(asks(planOf("prod", change).network.flows), true);
    assert.equal(asks(planOf("prod").network.flows), false);
  });

  it("says of every flow why it is there", () => {
    for (const { why } of planOf("prod").network.flows) assert.ok(why.length > 3);
  });

  it("lets nobody reach nginx' status port, and the scheduler nothing outside", () => {
    const all = table("prod");
    assert.ok(!all.some((line) => line.endsWith(":8081")));
    assert.ok(!all.some((line) => /^(scheduler|nginx|socketio|redis-\w+) -> \[/.test(line)));
  });
});
