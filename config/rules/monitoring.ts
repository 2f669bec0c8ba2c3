/** Alerts: that they reach somebody, and that whoever they go to can be spoken to. */
import type { MonitoringConfig } from "../stack.ts";
import type { Rule } from "./rule.ts";

type Receivers = Extract<MonitoringConfig, { mode: "embedded" }>["alertmanager"]["receivers"];

const receiversOf = (monitoring: MonitoringConfig): Receivers =>
  monitoring.mode === "embedded" ? monitoring.alertmanager.receivers : {};

/** Receivers that tell a person; the dead man's switch tells one only when all others are silent. */
const people = (monitoring: MonitoringConfig) =>
  Object.keys(receiversOf(monitoring)).filter((kind) => kind !== "deadMan");

const reachable: Rule = {
  needs: ["monitoring"],
  check: ({ monitoring }) =>
    monitoring.mode === "embedded" &&
    Object.keys(monitoring.alertmanager.receivers).length > 0 &&
    monitoring.alertmanager.reach === undefined
      ? [
          {
            path: "frappe:monitoring.alertmanager.reach",
            message: "expected the addresses and ports of the receivers; the network policy refuses every other",
          },
        ]
      : [],
};

const somebodyIsTold: Rule = {
  needs: ["environment", "monitoring"],
  check: ({ environment, monitoring }) =>
    environment === "prod" && monitoring.mode === "embedded" && people(monitoring).length === 0
      ? [
          {
            path: "frappe:monitoring.alertmanager.receivers",
            message:
              "expected at least one of webhook, slack, pagerduty, email: an alert of prod that nobody gets is none",
          },
        ]
      : [],
};

/** Ports that a receiver is spoken to on; a webhook's is in its URL, which is secret. */
const portsOf = ({ email, slack, pagerduty }: Receivers): number[] => [
  ...(email ? [email.port] : []),
  ...(slack || pagerduty ? [443] : []),
];

const throughOpenPorts: Rule = {
  needs: ["monitoring"],
  check: ({ monitoring }) => {
    const open = monitoring.mode === "embedded" ? monitoring.alertmanager.reach?.ports : undefined;
    const closed = open === undefined ? [] : portsOf(receiversOf(monitoring)).filter((port) => !open.includes(port));
    return closed.map((port) => ({
      path: "frappe:monitoring.alertmanager.reach.ports",
      message: `expected ${port} among the ports, which a receiver is spoken to on`,
    }));
  },
};

export const monitoringRules: readonly Rule[] = [reachable, throughOpenPorts, somebodyIsTold];
