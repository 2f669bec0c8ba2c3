/** An alert, and how rules are written as the file that Prometheus reads. */

/** `page` wakes somebody, `ticket` waits for the morning, `none` is for no person. */
export type Severity = "page" | "ticket" | "none";

export interface AlertRule {
  /** Name, in camel case; its runbook section has the same one. */
  readonly name: string;
  readonly severity: Severity;
  /** How long the expression must hold, in Prometheus' words. */
  readonly for: string;
  readonly expr: string;
  /** One line with the labels that tell which one it is. */
  readonly summary: string;
  /** What it means, with the value, and what to do first. */
  readonly description: string;
  /**
   * Selectors of every series that it reads, each for one series at least that must be there: without it this alert would be
   * silent, so SeriesMissing fires. `up` needs none, since Prometheus makes it itself.
   */
  readonly watches: readonly string[];
}

/** A selector of a job's series. Its labels are exact values: what is missing must be sayable. */
export const select = (job: string, series: string, labels: Readonly<Record<string, string>> = {}): string =>
  `${series}{${Object.entries({ job, ...labels })
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ")}}`;

/** Where the alert's section stands in the operators' guide. */
export const runbook = (name: string): string =>
  `docs/operations.md#${name.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()}`;

/** One line; JSON's quoting is YAML's too. */
const line = (key: string, value: string) => `${key}: ${JSON.stringify(value)}`;

const indented = (text: string, by: number) => text.replace(/^(?=.)/gm, " ".repeat(by));

function renderRule({ name, severity, for: duration, expr, summary, description }: AlertRule): string {
  return [
    `- alert: ${name}`,
    "  expr: |-",
    indented(expr, 4),
    ...(duration === "" ? [] : [`  for: ${duration}`]),
    `  labels:\n    severity: ${severity}`,
    "  annotations:",
    ...[line("summary", summary), line("description", description), line("runbook", runbook(name))].map(
      (annotation) => `    ${annotation}`,
    ),
  ].join("\n");
}

/** The rules file: one group, in the order given, so that what waits on another reads what it had. */
export const renderRules = (group: string, rules: readonly AlertRule[]): string =>
  `groups:\n  - name: ${group}\n    rules:\n${indented(rules.map(renderRule).join("\n"), 6)}\n`;
