/** What everything stands on: nodes, volumes, backups, certificates. */
import { alertBounds } from "../../../constants/alerts.ts";
import { backupMetrics } from "../../../constants/backup-metrics.ts";
import type { MonitoringFacts } from "../facts.ts";
import { byNode, shares } from "../rules/space.ts";
import { backupAge, chosen } from "./now.ts";
import type { PanelPlan } from "./panel.ts";

const busy = '(1 - avg by (instance) (rate(node_cpu_seconds_total{job="node", mode="idle"}[$__rate_interval])))';

export const space: readonly PanelPlan[] = [
  {
    title: "Processors at work",
    kind: "graph",
    description: "Share of a node's processor time. High for long: everything on that node is slow.",
    unit: "percentunit",
    queries: [[byNode(busy), "{{node}}"]],
    max: 1,
  },
  {
    title: "Memory left of nodes",
    kind: "graph",
    description: "Share that is available. Below the line the kernel soon kills the largest process.",
    alerts: ["NodeMemoryLow"],
    unit: "percentunit",
    queries: [[shares.nodeMemory, "{{node}}"]],
    red: { below: alertBounds.nodeMemoryAvailable },
    max: 1,
  },
  {
    title: "Disk left of nodes",
    kind: "graph",
    description: "The disk of images, logs and scratch space. Soon after the line the kubelet evicts pods.",
    alerts: ["NodeDiskLow"],
    unit: "percentunit",
    queries: [[shares.nodeDisk, "{{node}}"]],
    red: { below: alertBounds.nodeDiskFree },
    max: 1,
  },
  {
    title: "Space left of volumes",
    kind: "graph",
    description: "Share that is free. A full one stops what writes to it: enlarge it in the stack file before that.",
    alerts: ["VolumeNearlyFull", "VolumeFillsUp"],
    unit: "percentunit",
    queries: [[shares.volume, "{{volume}}"]],
    red: { below: alertBounds.volumeFree },
    max: 1,
  },
];

const ofSites = (series: string) => `topk(5, ${series}{job="backup", ${chosen}})`;

const certificates: PanelPlan = {
  title: "Days left of certificates",
  kind: "graph",
  description:
    "Of the five that end first. cert-manager renews at 30 days; a line that goes on falling is not renewed.",
  alerts: ["CertificateEnds", "SiteDownOutside"],
  unit: "d",
  queries: [
    [`bottomk(5, (probe_ssl_earliest_cert_expiry{job="site-outside", ${chosen}} - time()) / 86400)`, "{{host}}"],
  ],
  red: { below: alertBounds.certificateDays },
};

export const safety = ({ outside, backupMaxAgeSeconds }: MonitoringFacts): readonly PanelPlan[] => [
  {
    title: "Age of the newest backup",
    kind: "graph",
    description:
      "Of the five sites where it is oldest. It falls to nothing at each good run; one that climbs on has failed.",
    alerts: ["BackupTooOld", "BackupMissing"],
    unit: "s",
    queries: [[`topk(5, ${backupAge})`, "{{site}}"]],
    red: { above: backupMaxAgeSeconds },
  },
  {
    title: "Since the repository answered",
    kind: "graph",
    description: "While it does not, there is neither backup nor restore: see the backup exporter's log.",
    alerts: ["BackupRepositoryUnreachable"],
    unit: "s",
    queries: [[`time() - ${backupMetrics.repositoryChecked}{job="backup"}`, "repository"]],
    red: { above: alertBounds.repositoryCheckSeconds },
  },
  {
    title: "Size of dumps",
    kind: "graph",
    description:
      "Of the five largest. A step down may be a purge, or a dump that lacks something: restore it elsewhere and look.",
    unit: "bytes",
    queries: [[ofSites(backupMetrics.dumpBytes), "{{site}}"]],
  },
  ...(outside ? [certificates] : []),
];
