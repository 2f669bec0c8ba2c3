/** What the log of a release step comes to, line by line: the state that the release is in, and what went wrong last. */
import { weightEvent } from "../constants/canary.ts";
import { type AskedCheck, checksEvent } from "../constants/checks.ts";
import { limits } from "../constants/limits.ts";
import type { Step } from "../constants/steps.ts";
import { message } from "./messages.ts";

export { steps, type Step } from "../constants/steps.ts";

/** Characters of a line that are handed on: Pulumi's command provider hangs on one of 64 KiB. */
const longest = 2000;
export const clip = (line: string): string => (line.length > longest ? `${line.slice(0, longest)}…` : line);

/** What a step has reached, when its log says nothing else. */
export const reached: Readonly<Record<Step, string>> = {
  prepare: "prepared",
  backup: "backed_up",
  migrate: "migrated",
  verify: "verified",
  confirm: "confirmed",
};

export interface StepLog {
  /** Takes a line of the log; returns it for people. */
  take(line: string): string;
  /** The last `state` that a line named. */
  state(): string | undefined;
  /** The last line of level `error`, for people. */
  error(): string | undefined;
  /** The share of the requests that the canary asked for last, in percent; undefined where none did. */
  weight(): number | undefined;
  /** Checks that the step asks for, to be made elsewhere; undefined where it asks for none. */
  checks(): readonly AskedCheck[] | undefined;
  /** When the release began to be held; undefined where it is not, or no longer. Milliseconds. */
  heldSince(): number | undefined;
}

interface Event {
  readonly event?: unknown;
  readonly level?: unknown;
  readonly state?: unknown;
  /** What the runner says to people, of level `info`. */
  readonly line?: unknown;
  readonly time?: unknown;
  readonly weight?: unknown;
  readonly checks?: unknown;
}

const isWeight = (weight: unknown): weight is number =>
  typeof weight === "number" && Number.isInteger(weight) && weight >= 0 && weight < 100;

const isAsked = (value: unknown): value is AskedCheck => {
  const { name, limit } = (typeof value === "object" && value !== null ? value : {}) as Partial<AskedCheck>;
  return /^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$/.test(String(name)) && Number.isInteger(limit) && Number(limit) > 0;
};

const areAsked = (value: unknown): value is readonly AskedCheck[] =>
  Array.isArray(value) && value.length > 0 && value.length <= limits.checks && value.every(isAsked);

function eventOf(line: string): Event {
  try {
    const event = JSON.parse(line) as unknown;
    return typeof event === "object" && event !== null ? event : {};
  } catch {
    return {};
  }
}

const toldBy = (event: Event, line: string): string =>
  event.event === "progress" && typeof event.line === "string"
    ? `${typeof event.time === "string" ? `${event.time.slice(11, 19)} ` : ""}${event.line}`
    : message(line);

/**
 * The runner's lines are `{"time", "level", "event", …}`; one that moves the release names its new `state`, and `held` says that the
 * release is migrated and waits. Whatever names another state or an error after that ends the holding.
 */
export function stepLog(): StepLog {
  let state: string | undefined;
  let error: string | undefined;
  let held: number | undefined;
  let weight: number | undefined;
  let checks: readonly AskedCheck[] | undefined;
  return {
    take(line) {
      const event = eventOf(line);
      const told = toldBy(event, line);
      const clipped = clip(told);
      if (typeof event.state === "string") state = event.state;
      if (event.event === "held") {
        state = reached.migrate;
        held ??= Date.now();
      }
      if (event.event === weightEvent && isWeight(event.weight)) weight = event.weight;
      if (event.event === checksEvent && areAsked(event.checks)) checks = event.checks;
      if (event.level === "error") error = clipped.replace(/^(\d\d:\d\d:\d\d )?FAILED /, "");
      if (event.level === "error" || state !== reached.migrate) held = undefined;
      return clipped;
    },
    state: () => state,
    error: () => error,
    weight: () => weight,
    checks: () => checks,
    heldSince: () => held,
  };
}
