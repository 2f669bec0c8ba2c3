/** What the on-call reads first: is it up, is it safe, does it work. */
import { alertBounds } from "../../../constants/alerts.ts";
import { backupMetrics } from "../../../constants/backup-metrics.ts";
import type { MonitoringFacts } from "../facts.ts";
import { byQueue, sizes } from "../rules/queues.ts";
import { closedStatus } from "../blackbox.ts";
import type { PanelPlan } from "./panel.ts";

/** Only what the variable `site` has. */
export const chosen = 'site=~"$site"';

const firing = 'ALERTS{alertstate="firing", alertname!="Watchdog"}';
const answered = `probe_success{job="site", ${chosen}}`;

/** Age of each site's newest verified backup. */
export const backupAge = `time() - (${backupMetrics.lastSuccess}{job="backup", ${chosen}} > 0)`;

export const nowNumbers = ({ backupMaxAgeSeconds }: MonitoringFacts): readonly PanelPlan[] => [
  {
    title: "Sites down",
    kind: "number",
    description:
      "Active sites that gave no good answer when they were last asked, and are not closed. One: its own trouble. All: the bench's.",
    alerts: ["SiteDown"],
    unit: "none",
    // Where nobody asks there is no answer: a sum of what is missing is no 0.
    queries: [[`sum(1 - ${answered})`, "down"]],
    red: { above: 1 },
  },
  {
    title: "Alerts firing",
    kind: "number",
    description: "Without Watchdog, which always fires: no data means that no alert is judged at all.",
    alerts: ["Watchdog"],
    unit: "none",
    queries: [['count(ALERTS{alertstate="firing"}) - 1', "firing"]],
    red: { above: 1 },
  },
  {
    title: "Oldest of the newest backups",
    kind: "number",
    description:
      "Time since the last verified backup, of the five sites where it is longest. This much work would be lost.",
    alerts: ["BackupTooOld", "BackupMissing"],
    unit: "s",
    queries: [[`topk(5, ${backupAge})`, "{{site}}"]],
    red: { above: backupMaxAgeSeconds },
  },
  {
    title: "Jobs waiting",
    kind: "number",
    description: "By queue. A high figure that falls is work; one that stays is a backlog.",
    alerts: ["QueueBacklog"],
    unit: "none",
    queries: [[byQueue(sizes("queue")), "{{queue}}"]],
    red: { above: alertBounds.queueDepth },
  },
];

export const nowLines: readonly PanelPlan[] = [
  {
    title: "Share of sites that answer",
    kind: "graph",
    description:
      "Asked from inside the namespace. A short dip is a restart, a long one an outage. Closed sites answer 503: a release is at work.",
    alerts: ["SiteDown", "SiteClosedTooLong"],
    unit: "percentunit",
    queries: [
      [`avg(${answered})`, "answer"],
      [`avg(probe_http_status_code{job="site", ${chosen}} == bool ${closedStatus})`, "closed"],
    ],
    red: { below: 1 },
    max: 1,
  },
  {
    title: "What fires",
    kind: "graph",
    description: "How many alerts of each name fired when. The first to fire is most often nearest to the cause.",
    unit: "none",
    queries: [[`sum by (alertname, severity) (${firing})`, "{{alertname}} ({{severity}})"]],
    none: "nothing",
  },
];
