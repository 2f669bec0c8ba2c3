// One release, killed at point after point and begun again each time, as a person does who runs `pulumi up` until it ends.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { steps, type Step } from "../../../constants/steps.ts";
import type { Begun, More, Ran, Runner } from "./runner.ts";
import { killFirst } from "./sites.ts";

/** How an `up` ended: by itself, or by a kill. */
export interface Ended {
  readonly killed: boolean;
  /** Where the next `up` of the same release begins: the engine runs no step again that was done. */
  readonly next: Step;
  /** The step that failed; undefined: none. */
  readonly failed?: Step;
  readonly output: string;
}

/** When all processes of an `up` are killed: at a point of the driver's, at what one of them says, or when it holds. */
export type Moment = string | RegExp | (() => boolean);

/** The right to write of whoever is dead ends after a minute by itself: here, now. */
export function passMinute({ bench, job }: Runner): void {
  bench.server.sql("UPDATE holder SET expires_at = 1", job.ledger);
}

/**
 * The steps in order, as the engine runs them, until one fails, or the moment at which all processes are killed, as a machine's power goes.
 * @param from the step at which the `up` before was killed, of the same release.
 */
export async function upTo(
  runner: Runner,
  at: Moment | undefined,
  more: More = {},
  from: Step = "prepare",
): Promise<Ended> {
  const alive: Begun[] = [];
  const whole = () => alive.map((each) => each.said()).join("");
  const isNow = () => {
    if (typeof at === "function") return at();
    return typeof at === "string" ? whole().includes(`"at":"${at}"`) : at?.test(whole()) === true;
  };
  const begin = (step: Step): Begun => {
    const begun = runner.begin(step, typeof at === "string" ? { ...more, stop: at } : more);
    alive.push(begun);
    return begun;
  };
  /** Its end, or "held" when it says so; or the moment of the kill. */
  const end = async (step: Step, begun: Begun): Promise<Ran | "held" | "killed"> => {
    let ran: Ran | undefined;
    void begun.ended.then((ended) => (ran = ended));
    for (;;) {
      if (isNow()) return "killed";
      if (ran !== undefined) return ran;
      if (step === "migrate" && begun.said().includes('"event":"held"')) return "held";
      await sleep(30);
    }
  };
  // Who migrated held until the verdict, and is dead: `up` has begun with verify then, and so does this.
  for (const step of steps.slice(steps.indexOf(from))) {
    const ended = await end(step, begin(step));
    if (ended === "killed") {
      for (const { child } of alive) killFirst(child);
      await Promise.all(alive.map((each) => each.ended));
      passMinute(runner);
      return { killed: true, next: step, output: whole() };
    }
    if (ended !== "held" && ended.code !== 0) {
      await Promise.all(alive.map((each) => each.ended));
      return { killed: false, failed: step, next: step, output: whole() };
    }
  }
  return { killed: false, next: "confirm", output: whole() };
}

/** Kills one release at each of the moments, in their order; each `up` goes on from there. @returns where the next one begins */
export async function killAt(
  runner: Runner,
  moments: readonly Moment[],
  more: More = {},
  from: Step = "prepare",
): Promise<Step> {
  for (const moment of moments) {
    const { killed, next, output } = await upTo(runner, moment, more, from);
    assert.ok(killed, `it never came to ${String(moment)}:\n${output.slice(-4_000)}`);
    from = next;
  }
  return from;
}

/** Stops all processes of a namespace, or lets them go on, as a frozen machine does with a container. */
export function signalAll({ child }: Pick<Begun, "child">, signal: "SIGSTOP" | "SIGCONT"): void {
  const below = (pid: number): number[] => {
    const children = `/proc/${pid}/task/${pid}/children`;
    const own = existsSync(children)
      ? readFileSync(children, "utf8").trim().split(" ").filter(Boolean).map(Number)
      : [];
    return [...own, ...own.flatMap(below)];
  };
  for (const pid of child.pid === undefined ? [] : below(child.pid)) process.kill(pid, signal);
}
