/** Alertmanager: who is told what, and how often. Its own data are silences and what was said already. */
import type { StackConfig } from "../../config/stack.ts";
import { images } from "../../constants/images.ts";
import { ports } from "../../constants/ports.ts";
import { probe } from "../bench/context.ts";
import { names } from "../names.ts";
import { component, tcp } from "../network.ts";
import { imageReference } from "../image.ts";
import { stackService } from "../room.ts";
import type { ContainerPlan, Flow } from "../types.ts";
import { nobody, monitoringWorkload, type Part } from "./parts.ts";
import { toYaml, type Yaml } from "./yaml.ts";

type Config = Extract<StackConfig["monitoring"], { mode: "embedded" }>["alertmanager"];

const claim = `${names.alertmanager}-data`;
const port = { name: "http", port: ports.alertmanager };
const configPath = "/etc/alertmanager/alertmanager.yml";
const secretsFolder = "/etc/alertmanager-secrets";

/** Key of each receiver's secret. */
const secretKeys = {
  webhook: "webhook-url",
  slack: "slack-url",
  pagerduty: "pagerduty-key",
  email: "smtp-password",
  deadMan: "dead-man-url",
} as const;

const secretFile = (receiver: keyof typeof secretKeys) => `${secretsFolder}/${secretKeys[receiver]}`;

/** Gets every alert, by every way that the stack file names; without any, Alertmanager shows alerts and tells nobody. */
function receiver({ webhook, slack, pagerduty, email }: Config["receivers"]): { [key: string]: Yaml } {
  const told = { send_resolved: true };
  const ways = {
    ...(webhook && { webhook_configs: [{ ...told, url_file: secretFile("webhook") }] }),
    ...(slack && { slack_configs: [{ ...told, api_url_file: secretFile("slack"), channel: slack.channel }] }),
    ...(pagerduty && { pagerduty_configs: [{ ...told, routing_key_file: secretFile("pagerduty") }] }),
    ...(email && {
      email_configs: [
        {
          ...told,
          from: email.from,
          to: email.to.join(", "),
          smarthost: `${email.server}:${email.port}`,
          auth_username: email.user,
          auth_password_file: secretFile("email"),
          require_tls: true,
        },
      ],
    }),
  };
  return { name: Object.keys(ways).length > 0 ? "people" : "null", ...ways };
}

/** What wakes somebody is said again while it lasts; what waits for the morning, once a day. */
export function alertmanagerConfig({ receivers }: Config): string {
  const people = receiver(receivers);
  const always = receivers.deadMan ? "dead man's switch" : "null";
  return toYaml({
    route: {
      receiver: people["name"] ?? "null",
      // One message of all sites that are down, not one each.
      group_by: ["alertname", "severity"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "4h",
      routes: [
        // The alert that always fires, for whoever misses it when alerts come through no more; not for people.
        { matchers: ['severity="none"'], receiver: always, group_interval: "1m", repeat_interval: "5m" },
        { matchers: ['severity="ticket"'], group_wait: "5m", repeat_interval: "24h" },
      ],
    },
    inhibit_rules: [
      // What is told of the whole stack is not told again of each site: without a database none answers.
      {
        source_matchers: ['alertname=~"DatabaseDown|RedisDown"'],
        target_matchers: ['alertname=~"SiteDown|SiteDownOutside"'],
        equal: ["environment", "stack"],
      },
      { source_matchers: ['alertname="SiteDown"'], target_matchers: ['alertname="SiteDownOutside"'], equal: ["site"] },
    ],
    receivers: [
      people,
      ...(receivers.deadMan
        ? [{ name: always, webhook_configs: [{ send_resolved: false, url_file: secretFile("deadMan") }] }]
        : []),
      ...(people["name"] !== "null" && always === "null" ? [{ name: "null" }] : []),
    ],
  });
}

const server = ({ receivers, resources }: Config): ContainerPlan => ({
  name: names.alertmanager,
  image: imageReference(images.alertmanager),
  command: [
    "/bin/alertmanager",
    `--config.file=${configPath}`,
    "--storage.path=/alertmanager",
    `--web.listen-address=:${ports.alertmanager}`,
    // One alone has nobody to gossip with.
    "--cluster.listen-address=",
  ],
  env: {},
  ports: [port],
  files: [
    { path: configPath, from: { config: names.alertmanager, key: "alertmanager.yml" } },
    ...(Object.keys(secretKeys) as (keyof typeof secretKeys)[])
      .filter((kind) => receivers[kind] !== undefined)
      .map((kind) => ({
        path: secretFile(kind),
        from: { secret: "alerting" as const, key: secretKeys[kind] },
      })),
  ],
  writable: [{ path: "/tmp" }],
  volumes: [{ volume: claim, path: "/alertmanager", readOnly: false }],
  resources,
  probes: {
    readiness: probe({ http: { path: "/-/ready", port: port.name } }),
    liveness: probe({ http: { path: "/-/healthy", port: port.name } }, { period: 30 }),
  },
});

const flows = ({ reach }: Config): Flow[] =>
  reach === undefined
    ? []
    : [
        {
          from: component(names.alertmanager),
          to: { addresses: reach.addresses },
          ports: tcp(...reach.ports),
          why: "whoever is told of alerts",
        },
      ];

export const planAlertmanager = (config: Config): Part => ({
  files: [{ name: names.alertmanager, files: { "alertmanager.yml": alertmanagerConfig(config) } }],
  volumes: [
    {
      name: claim,
      logicalName: claim,
      component: names.alertmanager,
      ...config.storage,
      accessMode: "ReadWriteOnce",
      rebuildable: true,
    },
  ],
  workloads: [
    monitoringWorkload({
      name: names.alertmanager,
      kind: "member",
      user: nobody,
      version: images.alertmanager.tag,
      containers: [server(config)],
    }),
  ],
  services: [stackService(names.alertmanager, [port])],
  flows: flows(config),
});
