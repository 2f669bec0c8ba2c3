/** A canary: its stages, what it is judged by, and what it needs around it. */
import { field, found, type HostileCase } from "./case.ts";
import { bounded } from "./numbers.ts";

const at = "release.canary";
const stages = `${at}.stages`;

export const canary: readonly HostileCase[] = [
  ...bounded(`${stages}[0].weight`, 1, 90),
  ...bounded(`${stages}[0].minutes`, 1, 1440),
  ...bounded(`${at}.minRequests`, 1, 1_000_000),
  ...field(`${at}.maxErrorShare`, "expected a number from 0 to 50", {
    less: -0.1,
    more: 50.1,
    text: "1 %",
    null: null,
  }),
  ...field(`${at}.maxSlowdown`, "expected a number from 1 to 10", {
    "faster than what stands": 0.9,
    percent: 50,
    text: "1.5x",
    infinite: Number.POSITIVE_INFINITY,
  }),
  ...field(stages, "expected at least one stage", { none: [] }),
  ...field(stages, "expected at most 10 stages", {
    eleven: Array.from({ length: 11 }, (_, i) => ({ weight: i + 1, minutes: 1 })),
  }),
  ...field(stages, "expected each stage's weight above that of the one before it", {
    falling: [
      { weight: 50, minutes: 1 },
      { weight: 25, minutes: 1 },
    ],
    standing: [
      { weight: 10, minutes: 1 },
      { weight: 10, minutes: 5 },
    ],
  }),
  found(
    "a stage without its time",
    { [stages]: [{ weight: 10 }] },
    `${stages}[0].minutes`,
    "expected a whole number from 1 to 1440",
  ),
  found(
    "a stage by seconds",
    { [stages]: [{ weight: 10, minutes: 1, seconds: 30 }] },
    `${stages}[0].seconds`,
    "unknown key",
  ),
  found(
    "a canary behind an Ingress, which knows no weights",
    { "release.strategy": "canary" },
    "release.strategy",
    "expected frappe:edge.kind gateway, got ingress",
    "postgres",
  ),
  found(
    "a canary that nobody counts",
    { "release.strategy": "canary", monitoring: { mode: "none" } },
    "release.strategy",
    "expected frappe:monitoring.mode embedded, got none",
  ),
];
