/** The watchers themselves. */
import { flat, seriesName } from "../healthy-series.ts";
import { type AlertCase, at, from, goneFrom, risingFrom } from "./case.ts";
import { key, memoryUsed, sizeOf } from "./queues.ts";

const up = 'up{job="nginx", instance="nginx:1"}';
const discovered = seriesName("prometheus", "prometheus_notifications_alertmanagers_discovered{}");
const errors = seriesName(
  "prometheus",
  'prometheus_notifications_errors_total{alertmanager="http://alertmanager:9093"}',
);
const failures = seriesName("alertmanager", 'alertmanager_notifications_failed_total{integration="webhook"}');
const evaluations = seriesName("prometheus", 'prometheus_rule_evaluation_failures_total{rule_group="frappe"}');

export const watchCases: Readonly<Record<string, AlertCase>> = {
  TargetDown: {
    fires: [
      { change: { [up]: from(175, 1, 0) }, labels: at("nginx"), summary: "Prometheus cannot read nginx at nginx:1" },
    ],
    silent: { "four minutes are not five": { [up]: from(176, 1, 0) } },
  },
  SeriesMissing: {
    fires: [
      {
        change: { [memoryUsed]: goneFrom(170, 1e6) },
        labels: { job: "redis", role: "queue", series: "redis_memory_used_bytes" },
        summary: "There is no series redis_memory_used_bytes of redis",
      },
      {
        change: { [sizeOf("workers")]: null },
        labels: { job: "redis", role: "queue", series: "redis_script_values", key: key("workers") },
        summary: "There is no series redis_script_values of redis",
      },
    ],
    silent: {
      "nine minutes are not ten": { [memoryUsed]: goneFrom(171, 1e6) },
      "its target is down, and TargetDown says so": {
        [memoryUsed]: null,
        'up{job="redis", instance="redis:1", role="queue"}': flat(0),
      },
    },
  },
  AlertsNotDelivered: {
    fires: [
      {
        change: { [discovered]: from(175, 1, 0) },
        labels: at("prometheus"),
        summary: "Alerts do not reach everybody",
      },
      {
        change: { [errors]: risingFrom(171) },
        labels: { ...at("prometheus"), alertmanager: "http://alertmanager:9093" },
        summary: "Alerts do not reach everybody",
      },
      {
        change: { [failures]: risingFrom(171) },
        labels: { ...at("alertmanager"), integration: "webhook" },
        summary: "Alerts do not reach everybody (by webhook)",
      },
    ],
    silent: {
      "four minutes are not five": { [discovered]: from(176, 1, 0) },
      "what failed once has gone by": { [errors]: flat(7), [failures]: from(100, 1, 7) },
    },
  },
  RulesFail: {
    fires: [
      {
        change: { [evaluations]: risingFrom(171) },
        labels: { ...at("prometheus"), rule_group: "frappe" },
        summary: "Prometheus cannot evaluate an alert rule",
      },
    ],
    silent: { "what failed once has gone by": { [evaluations]: from(100, 0, 7) } },
  },
  // Nothing may hold it back.
  Watchdog: { fires: [{ change: {}, labels: {}, summary: "Alerts are evaluated and sent" }], silent: {} },
};
