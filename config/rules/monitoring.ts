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

export const monitoringRules: readonly Rule[] = [reachable, somebodyIsTold];
