/** The alert rules of a stack, as the file that Prometheus reads. What each means to an operator is in docs/operations.md. */
import type { MonitoringFacts } from "./facts.ts";
import { backupRules } from "./rules/backups.ts";
import { databaseRules } from "./rules/database.ts";
import { queueRules } from "./rules/queues.ts";
import { requestRules } from "./rules/requests.ts";
import { type AlertRule, renderRules } from "./rules/rule.ts";
import { siteRules } from "./rules/sites.ts";
import { spaceRules } from "./rules/space.ts";
import { watchRules } from "./rules/watch.ts";
import { type Job, targetLabels } from "./series.ts";

/** Scrape jobs that a stack has. */
export function jobsOf({ outside, volumes }: MonitoringFacts): readonly Job[] {
  const left: Readonly<Partial<Record<Job, boolean>>> = { "site-outside": !outside, volumes: volumes.length === 0 };
  return (Object.keys(targetLabels) as Job[]).filter((job) => left[job] !== true);
}

/** Every alert of a stack. */
export function alertsOf(facts: MonitoringFacts): readonly AlertRule[] {
  const rules = [siteRules, requestRules, backupRules, databaseRules, queueRules, spaceRules].flatMap((rulesOf) =>
    rulesOf(facts),
  );
  return [...rules, ...watchRules(jobsOf(facts), rules)];
}

export const alertRules = (facts: MonitoringFacts): string => renderRules("frappe", alertsOf(facts));
