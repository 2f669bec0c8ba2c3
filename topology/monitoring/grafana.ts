/** Grafana: shows what Prometheus has. All of it comes from files, so nothing is lost with its pod; it is reached by port-forward. */
import type { StackConfig } from "../../config/stack.ts";
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { probe } from "../bench/context.ts";
import { names } from "../names.ts";
import { component, tcp } from "../network.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import type { ContainerPlan } from "../types.ts";
import { overviewDashboard } from "./dashboard.ts";
import { datasource, type MonitoringFacts } from "./facts.ts";
import { scraped, monitoringWorkload, type Part } from "./parts.ts";
import { toYaml } from "./yaml.ts";

type Config = Extract<StackConfig["monitoring"], { mode: "embedded" }>["grafana"];

/** uid in the image. */
const grafanaUser = 472;

const port = { name: "http", port: ports.grafana };
const folder = "/etc/grafana";
const dataPath = "/var/lib/grafana";
const passwordPath = "/etc/grafana-secrets/admin-password";

/** grafana.ini: nobody comes in without a name, and it calls nobody: no updates, no plugins, no news, no pictures of people. */
const settings = {
  paths: {
    data: dataPath,
    logs: `${dataPath}/log`,
    plugins: `${dataPath}/plugins`,
    provisioning: `${folder}/provisioning`,
  },
  server: { http_port: ports.grafana },
  security: { admin_password: `$__file{${passwordPath}}`, disable_gravatar: true, cookie_samesite: "strict" },
  users: { allow_sign_up: false, default_theme: "system" },
  "auth.anonymous": { enabled: false },
  analytics: {
    reporting_enabled: false,
    check_for_updates: false,
    check_for_plugin_updates: false,
    feedback_links_enabled: false,
  },
  news: { news_feed_enabled: false },
  snapshots: { external_enabled: false },
  plugins: { plugin_admin_enabled: false, preinstall_disabled: true, public_key_retrieval_disabled: true },
  // Alerts are Alertmanager's.
  unified_alerting: { enabled: false },
  dashboards: { default_home_dashboard_path: `${folder}/dashboards/overview.json` },
  log: { mode: "console" },
  "log.console": { format: "json" },
} as const;

const ini = (sections: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>): string =>
  Object.entries(sections)
    .map(([name, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}`);
      return `[${name}]\n${lines.join("\n")}\n`;
    })
    .join("\n");

const datasources = toYaml({
  apiVersion: 1,
  datasources: [
    {
      name: "Prometheus",
      ...datasource,
      access: "proxy",
      url: `http://${names.prometheus}:${ports.prometheus}`,
      isDefault: true,
      // As often as Prometheus asks: rates are taken over a multiple of it.
      jsonData: { timeInterval: "30s" },
      editable: false,
    },
  ],
});

const providers = toYaml({
  apiVersion: 1,
  providers: [
    {
      name: "frappe",
      type: "file",
      disableDeletion: true,
      allowUiUpdates: false,
      options: { path: `${folder}/dashboards` },
    },
  ],
});

/** Where each rendered file is mounted. */
const places = {
  "grafana.ini": `${folder}/grafana.ini`,
  "datasources.yaml": `${folder}/provisioning/datasources/prometheus.yaml`,
  "providers.yaml": `${folder}/provisioning/dashboards/frappe.yaml`,
  "overview.json": `${folder}/dashboards/overview.json`,
} as const;

const server = ({ resources }: Config): ContainerPlan => ({
  name: names.grafana,
  image: imageReference(images.grafana),
  command: [
    "/usr/share/grafana/bin/grafana",
    "server",
    "--homepath=/usr/share/grafana",
    `--config=${places["grafana.ini"]}`,
  ],
  env: {},
  ports: [port],
  files: [
    ...Object.entries(places).map(([key, path]) => ({ path, from: { config: names.grafana, key } })),
    { path: passwordPath, from: { secret: "grafana", key: "admin-password" } },
  ],
  writable: [{ path: dataPath }, { path: "/tmp" }],
  volumes: [],
  resources,
  probes: {
    startup: probe({ http: { path: "/api/health", port: port.name } }, { period: 5, failures: 60 }),
    readiness: probe({ http: { path: "/api/health", port: port.name } }),
    liveness: probe({ tcp: port.name }, { period: 30 }),
  },
});

export const planGrafana = (grafana: Config, facts: MonitoringFacts): Part => ({
  files: [
    {
      name: names.grafana,
      files: {
        "grafana.ini": ini(settings),
        "datasources.yaml": datasources,
        "providers.yaml": providers,
        "overview.json": overviewDashboard(facts),
      },
    },
  ],
  workloads: [
    monitoringWorkload({
      name: names.grafana,
      user: grafanaUser,
      version: images.grafana.tag,
      containers: [server(grafana)],
    }),
  ],
  services: [stackService(names.grafana, [port])],
  flows: [
    scraped(names.grafana, ports.grafana),
    {
      from: component(names.grafana),
      to: component(names.prometheus),
      ports: tcp(ports.prometheus),
      why: "what the dashboards show",
    },
  ],
});
