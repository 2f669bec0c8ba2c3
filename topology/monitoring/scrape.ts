/** prometheus.yml: whom Prometheus asks, by name: without the cluster's API there is nobody to be told by, and nothing to be allowed. */
import type { StackConfig } from "../../config/stack.ts";
import { ports } from "../../constants/ports.ts";
import { names } from "../names.ts";
import { modules, sitePath } from "./blackbox.ts";
import { databaseTarget } from "./database.ts";
import type { MonitoringFacts } from "./facts.ts";
import { redisExporterPorts } from "./redis.ts";
import { volumeLabel, volumeTargets } from "./volumes.ts";
import { toYaml, type Yaml } from "./yaml.ts";

export interface Targets {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Where the lists of sites stand: apart, since of a thousand sites they are longer than all else together. */
export const siteLists = { inside: "sites.json", outside: "outside.json" } as const;

export const configFolder = "/etc/prometheus";

const fixed = (job: string, ...targets: readonly string[]) => ({
  job_name: job,
  static_configs: [{ targets }],
});

/** Every pod behind a headless Service. */
const eachPod = (job: string, service: string, port: number) => ({
  job_name: job,
  dns_sd_configs: [{ names: [service], type: "A", port, refresh_interval: "30s" }],
});

/** Sites by the blackbox exporter: what is asked, and about whom the answer is, out of the target's own address. */
const probed = (job: keyof typeof siteLists, seconds: number, relabels: readonly Yaml[]) => ({
  job_name: modules[job],
  scrape_interval: `${seconds}s`,
  metrics_path: "/probe",
  params: { module: [modules[job]] },
  file_sd_configs: [{ files: [`${configFolder}/${siteLists[job]}`] }],
  relabel_configs: [
    ...relabels,
    { source_labels: ["__address__"], target_label: "instance" },
    { target_label: "__address__", replacement: `${names.blackboxExporter}:${ports.blackboxExporter}` },
  ],
});

/** By the Service that traffic comes in by, with each site's own name as Host. */
const inside = (seconds: number) =>
  probed("inside", seconds, [
    { source_labels: ["__address__"], target_label: "__param_hostname" },
    { target_label: "__param_target", replacement: `http://${names.nginx}:${ports.nginxInternal}${sitePath}` },
    { source_labels: ["__address__"], target_label: "site" },
  ]);

/** By its public name; a port that is not https' own has to be said. */
const outside = (seconds: number, { ports: open }: { ports: readonly number[] }) => {
  const port = open.includes(ports.https) ? "" : `:${open[0] ?? ports.https}`;
  return probed("outside", seconds, [
    { source_labels: ["__address__"], target_label: "__param_target", replacement: `https://$1${port}${sitePath}` },
    { source_labels: ["__address__"], target_label: "host" },
  ]);
};

type Embedded = Extract<StackConfig["monitoring"], { mode: "embedded" }>;

export function prometheusConfig(
  config: StackConfig,
  monitoring: Embedded,
  stack: string,
  { environment, siteInterval }: MonitoringFacts,
): string {
  return toYaml({
    global: {
      scrape_interval: "30s",
      scrape_timeout: "15s",
      evaluation_interval: "30s",
      external_labels: { environment, stack },
    },
    rule_files: [`${configFolder}/alerts.yml`],
    alerting: {
      alertmanagers: [{ static_configs: [{ targets: [`${names.alertmanager}:${ports.alertmanager}`] }] }],
    },
    scrape_configs: [
      fixed("prometheus", `localhost:${ports.prometheus}`),
      fixed("alertmanager", `${names.alertmanager}:${ports.alertmanager}`),
      fixed("grafana", `${names.grafana}:${ports.grafana}`),
      eachPod("node", names.nodeExporter, ports.nodeExporter),
      { ...fixed("volumes", ...volumeTargets(config)), metric_relabel_configs: [volumeLabel] },
      fixed("database", databaseTarget(config.database.engine)),
      {
        job_name: "redis",
        static_configs: Object.entries(redisExporterPorts).map(([role, port]) => ({
          targets: [`${names.redisExporter}:${port}`],
          labels: { role },
        })),
      },
      eachPod("nginx", names.nginxExporter, ports.nginxExporter),
      eachPod("requests", names.nginxExporter, ports.requestExporter),
      inside(siteInterval),
      ...(monitoring.outside ? [outside(siteInterval, monitoring.outside)] : []),
      fixed("backup", `${names.backupExporter}:${ports.backupExporter}`),
    ],
  });
}

const list = (targets: readonly Targets[]): string => `${JSON.stringify(targets)}\n`;

/** The lists of sites, one line each: machines read them. */
export function siteFiles({ sites }: StackConfig, outsideToo: boolean): Record<string, string> {
  const active = sites.filter(({ state }) => state === "active");
  return {
    [siteLists.inside]: list([{ targets: active.map(({ name }) => name), labels: {} }]),
    ...(outsideToo && {
      [siteLists.outside]: list(
        active.map(({ name, domains }) => ({ targets: [name, ...domains], labels: { site: name } })),
      ),
    }),
  };
}
