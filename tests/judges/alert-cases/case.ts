/** What a case of an alert is, the stack that it is of, and how series are written that change once. */
import { type MonitoringFacts, queueFacts } from "../../../topology/monitoring/facts.ts";
import { minutes } from "../healthy-series.ts";

/** Series in other words than the healthy ones; null is one that is not there. */
export type Change = Readonly<Record<string, string | null>>;

export interface Firing {
  readonly change: Change;
  /** Labels of the alert beside its name and severity. */
  readonly labels: Readonly<Record<string, string>>;
  /** The summary as the on-call reads it. */
  readonly summary: string;
  /** How the description writes the value. */
  readonly value?: string;
}

export interface AlertCase {
  readonly fires: readonly [Firing, ...Firing[]];
  /** By what holds it back. */
  readonly silent: Readonly<Record<string, Change>>;
}

/** A stack whose bounds make short tests. */
export const testFacts = (engine: MonitoringFacts["engine"]): MonitoringFacts => ({
  environment: "prod",
  engine,
  databaseMode: "embedded",
  redis: "embedded",
  queues: [queueFacts("acme-prod", "short", 300), queueFacts("acme-prod", "long", 1500)],
  sites: ["a.example.com", "b.example.com"],
  siteInterval: 60,
  outside: true,
  closedSeconds: 1800,
  backupMaxAgeSeconds: 7200,
  volumes: ["sites", "redis-queue-data"],
});

/** One value until a minute, another from then on. */
export const from = (minute: number, before: number, after: number) =>
  `${before}x${minute - 1} ${after}x${minutes - minute}`;
/** A value until a minute, and nothing from then on. */
export const goneFrom = (minute: number, before: number) => `${before}x${minute - 1} stale`;
/** A counter that rises from a minute on. */
export const risingFrom = (minute: number) => `0x${minute - 1} 1+1x${minutes - minute}`;

export const GiB = 2 ** 30;
export const at = (job: string) => ({ job, instance: `${job}:1` });
