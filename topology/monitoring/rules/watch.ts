/** Who watches the watchers: targets, series, rules, and the way to people. */
import { type AlertRule, select } from "./rule.ts";

const targetDown: AlertRule = {
  name: "TargetDown",
  severity: "ticket",
  for: "5m",
  watches: [],
  // A site's target is down with the prober, of which one message is enough.
  expr: 'up{job!~"site.*"} == 0\nor count by (job) (up{job=~"site.*"} == 0)',
  summary: "Prometheus cannot read {{ $labels.job }} at {{ $labels.instance }}",
  description:
    "What this target tells is unknown, and the alerts that stand on it are silent. Look at the exporter's pod and at the " +
    "network policies before you believe that all is well.",
};

/** Whether any of a selector's series is there; the answer's labels tell which one is not. */
const gone = (selector: string) =>
  `label_replace(absent(${selector}), "series", "${selector.split("{", 1)[0]}", "", "")`;

/** The twin of every other rule: a rule whose series do not exist is silent, whatever happens. */
const seriesMissing = (selectors: readonly string[]): AlertRule => ({
  name: "SeriesMissing",
  severity: "ticket",
  for: "10m",
  watches: [],
  expr: `(\n  ${selectors.map(gone).join("\n  or ")}\n) unless on (job) up == 0`,
  summary: "There is no series {{ $labels.series }} of {{ $labels.job }}",
  description:
    "The alerts that stand on {{ $labels.series }} cannot fire{{ with $labels.key }} (key {{ . }}){{ end }}{{ with $labels.volume }} " +
    "(volume {{ . }}){{ end }}. The target answers, or is gone from the scrape configuration: see what the exporter's log says of it.",
});

const discovered = select("prometheus", "prometheus_notifications_alertmanagers_discovered");
const refused = select("prometheus", "prometheus_notifications_errors_total");
const failed = select("alertmanager", "alertmanager_notifications_failed_total");

const notDelivered: AlertRule = {
  name: "AlertsNotDelivered",
  severity: "page",
  for: "5m",
  watches: [discovered, refused, failed],
  expr: `${discovered} < 1\nor rate(${refused}[5m]) > 0\nor rate(${failed}[5m]) > 0`,
  summary: "Alerts do not reach everybody{{ with $labels.integration }} (by {{ . }}){{ end }}",
  description:
    "Prometheus finds no Alertmanager, is refused by it, or Alertmanager cannot reach a receiver. This alert may come by another " +
    "receiver only, or not at all: that is what Watchdog is for. Look at Alertmanager's log.",
};

const evaluation = select("prometheus", "prometheus_rule_evaluation_failures_total");

const rulesFail: AlertRule = {
  name: "RulesFail",
  severity: "ticket",
  for: "5m",
  watches: [evaluation],
  expr: `rate(${evaluation}[5m]) > 0`,
  summary: "Prometheus cannot evaluate an alert rule",
  description:
    "A rule that cannot be evaluated never fires. Prometheus shows which one under Status, Rule health; its log says why.",
};

const watchdog: AlertRule = {
  name: "Watchdog",
  severity: "none",
  for: "",
  watches: [],
  expr: "vector(1)",
  summary: "Alerts are evaluated and sent",
  description:
    "Fires always, as long as Prometheus evaluates and Alertmanager sends. Let a service outside the cluster expect it, and wake " +
    "somebody when it stops coming: everything else here is silent then.",
};

/** Each target's series that the rules stand on, and the targets themselves. */
export function watchRules(jobs: readonly string[], others: readonly AlertRule[]): readonly AlertRule[] {
  const own = [notDelivered, rulesFail];
  const selectors = [...jobs.map((job) => select(job, "up")), ...[...others, ...own].flatMap(({ watches }) => watches)];
  return [targetDown, seriesMissing([...new Set(selectors)]), ...own, watchdog];
}
