/** Alerts put to the test: what a case expects of the real Prometheus, written out. */
import type { MonitoringFacts } from "../../topology/monitoring/facts.ts";
import { alertsOf } from "../../topology/monitoring/rules.ts";
import { type AlertRule, runbook } from "../../topology/monitoring/rules/rule.ts";
import type { Change, Firing } from "./alert-cases/case.ts";
import { healthySeries, minutes } from "./healthy-series.ts";
import type { ExpectedAlert, RuleTest, SeriesValues } from "./promtool.ts";

/** The healthy stack's series with a change made; a change of what is not there is a mistake of the test. */
export function changed(facts: MonitoringFacts, change: Change): SeriesValues {
  const entries = Object.entries({ ...healthySeries(facts), ...change });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

/** A template of ours with labels and value put in; promtool compares it with what Prometheus makes of it. */
const render = (template: string, labels: Readonly<Record<string, string>>, value: string): string =>
  template
    .replace(/\{\{ with \$labels\.(\w+) \}\}(.*?)\{\{ end \}\}/g, (_all, label: string, text: string) =>
      labels[label] === undefined ? "" : text.replaceAll("{{ . }}", labels[label]),
    )
    .replace(/\{\{ or \$labels\.(\w+) \$labels\.(\w+) \}\}/g, (_all, first: string, second: string) =>
      String(labels[first] ?? labels[second]),
    )
    .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_all, label: string) => labels[label] ?? "")
    .replace(/\{\{ \$value(?: \| \w+)? \}\}/g, value);

/** An alert as a receiver gets it. */
export const expected = (
  { name, severity, description }: AlertRule,
  firing: Omit<Firing, "change">,
): ExpectedAlert => ({
  labels: { ...firing.labels, severity },
  annotations: {
    summary: firing.summary,
    description: render(description, firing.labels, firing.value ?? ""),
    runbook: runbook(name),
  },
});

export function ruleOf(facts: MonitoringFacts, name: string): AlertRule {
  const rule = alertsOf(facts).find((one) => one.name === name);
  if (rule === undefined) throw new Error(`there is no alert ${name}`);
  return rule;
}

/** A test that of this alert exactly these fire at the end of the three hours. */
export const ruleTest = (
  name: string,
  series: SeriesValues,
  alert: string,
  alerts: readonly ExpectedAlert[],
): RuleTest => ({
  name,
  series,
  at: minutes,
  expect: { [alert]: alerts },
});
