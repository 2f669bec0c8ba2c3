/** Memory and disks: of the nodes, and of the volumes that data lies on. */
import { alertBounds } from "../../../constants/alerts.ts";
import type { MonitoringFacts } from "../facts.ts";
import { type AlertRule, select } from "./rule.ts";

/** An expression by target, with the node's name; where nobody tells it, without: nameless is better than silent. */
export const byNode = (expr: string): string =>
  `${expr}\n  * on (instance) group_left (node) (${select("node", "frappe_node_info")} or on (instance) up{job="node"})`;

const memoryFree = select("node", "node_memory_MemAvailable_bytes");
const memory = select("node", "node_memory_MemTotal_bytes");
const root = { mountpoint: "/" };
const diskFree = select("node", "node_filesystem_avail_bytes", root);
const disk = select("node", "node_filesystem_size_bytes", root);

/** Shares that are free; the overview draws the same ones. */
export const shares = {
  nodeMemory: byNode(`${memoryFree} / ${memory}`),
  nodeDisk: byNode(`${diskFree} / ${disk}`),
  volume: `node_filesystem_avail_bytes{job="volumes"} / node_filesystem_size_bytes{job="volumes"}`,
} as const;

const nodeMemoryLow: AlertRule = {
  name: "NodeMemoryLow",
  severity: "ticket",
  for: "10m",
  watches: [memoryFree, memory],
  expr: `${shares.nodeMemory} < ${alertBounds.nodeMemoryAvailable}`,
  summary: "Node {{ or $labels.node $labels.instance }} has {{ $value | humanizePercentage }} of its memory left",
  description:
    "The kernel soon kills what it finds largest, which is the database more often than not. Move pods away, or give it a " +
    "larger node.",
};

const nodeDiskLow: AlertRule = {
  name: "NodeDiskLow",
  severity: "ticket",
  for: "10m",
  watches: [diskFree, disk],
  expr: `${shares.nodeDisk} < ${alertBounds.nodeDiskFree}`,
  summary: "Node {{ or $labels.node $labels.instance }} has {{ $value | humanizePercentage }} of its disk left",
  description:
    "The kubelet evicts pods when a tenth is left: logs, images and scratch space lie there, volumes of the cluster's storage " +
    "do not.",
};

const watched = (volumes: readonly string[]): readonly string[] =>
  volumes.flatMap((volume) =>
    ["node_filesystem_avail_bytes", "node_filesystem_size_bytes"].map((series) =>
      select("volumes", series, { volume }),
    ),
  );

const volumeFull = (volumes: readonly string[]): AlertRule => ({
  name: "VolumeNearlyFull",
  severity: "page",
  for: "5m",
  watches: watched(volumes),
  expr: `${shares.volume} < ${alertBounds.volumeFree}`,
  summary: "Volume {{ $labels.volume }} has {{ $value | humanizePercentage }} of its space left",
  description:
    "A full volume stops the database or loses uploads. Enlarge {{ $labels.volume }} in the stack file (it can grow, never " +
    "shrink); delete nothing by hand in a database's folder.",
});

const volumeFills = (volumes: readonly string[]): AlertRule => ({
  name: "VolumeFillsUp",
  severity: "ticket",
  for: "1h",
  watches: watched(volumes),
  expr:
    `${shares.volume} < ${alertBounds.volumeTrendFree}\n` +
    `and predict_linear(node_filesystem_avail_bytes{job="volumes"}[6h], ${alertBounds.volumeFullHours} * 3600) < 0`,
  summary: `Volume {{ $labels.volume }} will be full within ${alertBounds.volumeFullHours} hours`,
  description:
    "{{ $value | humanizePercentage }} of {{ $labels.volume }} are free, and the last six hours' growth would use that up. See " +
    "what grows, then enlarge it in the stack file.",
});

export const spaceRules = ({ volumes }: MonitoringFacts): readonly AlertRule[] => [
  nodeMemoryLow,
  nodeDiskLow,
  ...(volumes.length === 0 ? [] : [volumeFull(volumes), volumeFills(volumes)]),
];
