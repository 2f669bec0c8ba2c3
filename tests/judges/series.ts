/** Whether an expression asks for series and labels that there will be, as the catalogue has them. */
import type { MonitoringFacts } from "../../topology/monitoring/facts.ts";
import { catalogue, type Job, ownSeries, targetLabels } from "../../topology/monitoring/series.ts";
import { nearest, selectorsOf, type Selected } from "./promql.ts";

const meant = (wrong: string, names: readonly string[]) => {
  const name = nearest(wrong, names);
  return name === undefined ? "" : `; did you mean ${name}?`;
};

/**
 * What is wrong with the series of an expression: each message says where, what, and which one was likely meant.
 * @throws Error where it is no PromQL.
 */
export function seriesProblems(where: string, expression: string, engine: MonitoringFacts["engine"]): string[] {
  const jobs = catalogue(engine);
  const isJob = (name: string): name is Job => Object.hasOwn(jobs, name);

  function labelsOf({ series, matchers }: Selected): readonly string[] | string {
    const own = ownSeries[series];
    const { operator = "", value: job = "" } = matchers["job"] ?? {};
    if (own !== undefined) return isJob(job) ? [...own, ...targetLabels[job]] : own;
    if (operator !== "=") return `${series} without its job: say job="…"`;
    if (!isJob(job)) return `unknown job ${JSON.stringify(job)} of ${series}${meant(job, Object.keys(jobs))}`;
    const labels = jobs[job][series];
    if (labels === undefined) return `unknown series ${series} of ${job}${meant(series, Object.keys(jobs[job]))}`;
    return ["job", "instance", ...targetLabels[job], ...labels];
  }

  return selectorsOf(expression).flatMap((selected) => {
    const labels = labelsOf(selected);
    const found =
      typeof labels === "string"
        ? [labels]
        : Object.keys(selected.matchers)
            .filter((label) => !labels.includes(label))
            .map((label) => `unknown label ${label} of ${selected.series}${meant(label, labels)}`);
    return found.map((problem) => `${where}: ${problem}`);
  });
}
