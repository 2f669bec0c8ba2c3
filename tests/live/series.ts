// The series that each shipped exporter has, asked of the program itself while it watches what it is for.
import type { MonitoringFacts } from "../../topology/monitoring/facts.ts";
import {
  withMysqldExporter,
  withNginxExporters,
  withNodeExporter,
  withPostgresExporter,
  withPublicAddress,
  withRedisExporter,
  withVolumeExporter,
} from "./exporters.ts";
import type { Sample } from "./metrics.ts";
import { withRequestExporter } from "./request-exporter.ts";

/** Jobs whose program a test can run; Prometheus, Alertmanager and Grafana are asked elsewhere, and backups have their own tests. */
export type LiveJob = "node" | "volumes" | "database" | "redis" | "nginx" | "requests" | "site" | "site-outside";

/** Labels of each series, by its name: those that any of its samples has. */
export type LiveSeries = ReadonlyMap<string, ReadonlySet<string>>;

const login = encodeURIComponent("http://nginx:8082/login");

const samplesOf: Readonly<Record<LiveJob, (engine: MonitoringFacts["engine"]) => Promise<Sample[]>>> = {
  node: () => withNodeExporter(({ metrics }) => metrics()),
  volumes: () => withVolumeExporter("volume-exporter", ({ metrics }) => metrics()),
  database: (engine) =>
    engine === "mariadb"
      ? withMysqldExporter(({ metrics }) => metrics())
      : withPostgresExporter(({ metrics }) => metrics()),
  redis: async () => [
    ...(await withRedisExporter("cache", ({ metrics }) => metrics())),
    ...(await withRedisExporter("queue", ({ metrics }) => metrics())),
  ],
  nginx: () => withNginxExporters("dev", ({ counters }) => counters()),
  requests: () => withRequestExporter("dev", ({ counted }) => counted()),
  site: () => withNginxExporters("dev", ({ probe }) => probe(`/probe?module=site&target=${login}`)),
  "site-outside": () => withPublicAddress(["erp.example.com"], "erp.example.com", 200, (probe) => probe()),
};

/** Starts the job's exporter beside the real server that it watches, asks it once, and ends both. */
export async function liveSeries(job: LiveJob, engine: MonitoringFacts["engine"] = "mariadb"): Promise<LiveSeries> {
  const series = new Map<string, Set<string>>();
  for (const { name, labels } of await samplesOf[job](engine)) {
    series.set(name, new Set([...(series.get(name) ?? []), ...Object.keys(labels)]));
  }
  return series;
}
