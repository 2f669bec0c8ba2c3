/** When an object is as it should be, and what it waits for until then. */
import type { Properties } from "../../../engine/offline/value.ts";
import type { Look } from "./look.ts";

export interface Waiting {
  /** What it waits for, in one line. */
  readonly seen: string;
  /** It cannot get ready any more. */
  readonly hopeless?: true;
}

/** undefined once it is ready. */
export type Readiness = Waiting | undefined;
export type Check = (live: Properties, look: Look) => Promise<Readiness> | Readiness;

export interface Rule {
  readonly check: Check;
  /** Asked once, when the wait has failed: what else the cluster has to say. */
  readonly explain?: (live: Properties, look: Look) => Promise<readonly string[]>;
  /** Seconds that the official provider waits, where it is not ten minutes. */
  readonly seconds?: number;
}

export interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

export const statusOf = (live: Properties): Properties => (live["status"] ?? {}) as Properties;
export const specOf = (live: Properties): Properties => (live["spec"] ?? {}) as Properties;
/** A text of an object; `otherwise` where it has none. */
export const textOf = (object: Properties, key: string, otherwise = ""): string => {
  const value = object[key];
  return typeof value === "string" ? value : otherwise;
};
export const phaseOf = (live: Properties): string => textOf(statusOf(live), "phase", "Pending");
export const condition = (live: Properties, type: string): Condition | undefined =>
  ((statusOf(live)["conditions"] ?? []) as Condition[]).find((one) => one.type === type);
export const count = (object: Properties, key: string, otherwise = 0): number => {
  const value = object[key];
  return typeof value === "number" ? value : otherwise;
};

/** Whether the controller has seen the object as it now is; its status speaks of an older one until then. */
export const isObserved = (live: Properties): boolean =>
  count(statusOf(live), "observedGeneration") >= count((live["metadata"] ?? {}) as Properties, "generation");
