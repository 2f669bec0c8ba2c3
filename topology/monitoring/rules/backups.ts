/** Backups that are late, missing, or out of reach. */
import { alertBounds } from "../../../constants/alerts.ts";
import { backupMetrics } from "../../../constants/backup-metrics.ts";
import type { MonitoringFacts } from "../facts.ts";
import { type AlertRule, select } from "./rule.ts";

const success = select("backup", backupMetrics.lastSuccess);
const repositoryUp = select("backup", backupMetrics.repositoryUp);
const checked = select("backup", backupMetrics.repositoryChecked);

/** The declared active sites: each is a target, whether or not it answers. A site that was archived may grow old in peace. */
const declared = 'up{job="site"}';

const tooOld = (maxAge: number): AlertRule => ({
  name: "BackupTooOld",
  severity: "page",
  for: "5m",
  watches: [success],
  expr: `time() - (${success} > 0) > ${maxAge}\nand on (site) ${declared}`,
  summary: "The newest verified backup of {{ $labels.site }} is {{ $value | humanizeDuration }} old",
  description:
    `If {{ $labels.site }} were lost now, {{ $value | humanizeDuration }} of work would be lost with it; the stack file allows ${maxAge / 3600} hours ` +
    "(frappe:backup.maxAge). Read the log of the last backup run, put it right, and start a run by hand.",
});

const missing: AlertRule = {
  name: "BackupMissing",
  severity: "ticket",
  for: "1h",
  watches: [success],
  expr: `(${declared} unless on (site) ${success} > 0)\nand on () up{job="backup"} == 1`,
  summary: "There is no verified backup of {{ $labels.site }}",
  description:
    "The repository has no verified snapshot of {{ $labels.site }}, or nobody knows of one. A new site has none until its first " +
    "run: start one by hand. An old site that has none has lost them.",
};

const unreachable: AlertRule = {
  name: "BackupRepositoryUnreachable",
  severity: "ticket",
  for: "30m",
  watches: [repositoryUp, checked],
  expr: `${repositoryUp} == 0\nor time() - ${checked} > ${alertBounds.repositoryCheckSeconds}`,
  summary: "The backup repository does not answer",
  description:
    "Neither a backup nor a restore is possible until it does. Look at the exporter's log for the reason: address, keys, " +
    "password, network policy, or a full store.",
};

export const backupRules = ({ backupMaxAgeSeconds }: MonitoringFacts): readonly AlertRule[] => [
  tooOld(backupMaxAgeSeconds),
  missing,
  unreachable,
];
