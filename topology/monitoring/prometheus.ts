/** Prometheus: one, with a volume that may be lost. It asks everything here, judges the alert rules, and tells Alertmanager. */
import type { StackConfig } from "../../config/stack.ts";
import { mebibytes } from "../../config/units.ts";
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { probe } from "../bench/context.ts";
import { names } from "../names.ts";
import { component, tcp } from "../network.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import type { ConfigFilesPlan, ContainerPlan } from "../types.ts";
import type { MonitoringFacts } from "./facts.ts";
import { nobody, scraped, monitoringWorkload, type Part } from "./parts.ts";
import { alertRules } from "./rules.ts";
import { configFolder, prometheusConfig, siteFiles } from "./scrape.ts";
import { volumeExporter } from "./volumes.ts";

type Embedded = Extract<StackConfig["monitoring"], { mode: "embedded" }>;

/** Share of the volume for series; the rest is for what is being written and merged. */
const seriesShare = 0.7;

const claim = `${names.prometheus}-data`;
const port = { name: "http", port: ports.prometheus };

function renderFiles(
  config: StackConfig,
  monitoring: Embedded,
  stack: string,
  facts: MonitoringFacts,
): ConfigFilesPlan {
  return {
    name: names.prometheus,
    files: {
      "prometheus.yml": prometheusConfig(config, monitoring, stack, facts),
      "alerts.yml": alertRules(facts),
      ...siteFiles(config, facts.outside),
    },
  };
}

const server = ({ prometheus }: Embedded, { files }: ConfigFilesPlan): ContainerPlan => ({
  name: names.prometheus,
  image: imageReference(images.prometheus),
  command: [
    "/bin/prometheus",
    `--config.file=${configFolder}/prometheus.yml`,
    "--storage.tsdb.path=/prometheus",
    `--storage.tsdb.retention.time=${prometheus.retentionDays}d`,
    `--storage.tsdb.retention.size=${Math.floor(mebibytes(prometheus.storage.size) * seriesShare)}MB`,
    `--web.listen-address=:${ports.prometheus}`,
  ],
  env: {},
  ports: [port],
  files: Object.keys(files).map((key) => ({
    path: `${configFolder}/${key}`,
    from: { config: names.prometheus, key },
  })),
  writable: [{ path: "/tmp" }],
  volumes: [{ volume: claim, path: "/prometheus", readOnly: false }],
  resources: prometheus.resources,
  probes: {
    // After a kill it reads its write-ahead log again, which takes minutes where there is much of it.
    startup: probe({ http: { path: "/-/ready", port: port.name } }, { period: 5, failures: 108 }),
    readiness: probe({ http: { path: "/-/ready", port: port.name } }),
    liveness: probe({ http: { path: "/-/healthy", port: port.name } }, { period: 30, failures: 6 }),
  },
});

export function planPrometheus(config: StackConfig, monitoring: Embedded, stack: string, facts: MonitoringFacts): Part {
  const files = renderFiles(config, monitoring, stack, facts);
  return {
    files: [files],
    volumes: [
      {
        name: claim,
        logicalName: claim,
        component: names.prometheus,
        ...monitoring.prometheus.storage,
        accessMode: "ReadWriteOnce",
        rebuildable: true,
      },
    ],
    workloads: [
      monitoringWorkload({
        name: names.prometheus,
        kind: "member",
        user: nobody,
        version: images.prometheus.tag,
        containers: [server(monitoring, files), volumeExporter(claim)],
        stopGrace: 120,
      }),
    ],
    services: [stackService(names.prometheus, [port])],
    flows: [
      scraped(names.backupExporter, ports.backupExporter),
      {
        from: component(names.prometheus),
        to: component(names.alertmanager),
        ports: tcp(ports.alertmanager),
        why: "alerts, and series",
      },
    ],
  };
}
