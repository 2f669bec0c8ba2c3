// One release, killed at point after point and begun again each time, as a person does who runs `pulumi up` until it ends.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Step } from "../../../release/steps.ts";
import type { Begun, More, Ran, Runner } from "./runner.ts";
import { killFirst } from "./sites.ts";

/** How an `up` ended: by itself, or by a kill. */
export interface Ended {
  readonly killed: boolean;
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

/** Every step in order, as the engine runs them, until one fails, or the moment at which all processes are killed, as a machine's power goes. */
export async function upTo(runner: Runner, at: Moment | undefined, more: More = {}): Promise<Ended> {
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
  const end = async (begun: Begun): Promise<Ran | "held" | "killed"> => {
    let ran: Ran | undefined;
    void begun.ended.then((ended) => (ran = ended));
    for (;;) {
      if (isNow()) return "killed";
      if (ran !== undefined) return ran;
      if (alive.length === 3 && begun.said().includes('"event":"held"')) return "held";
      await sleep(30);
    }
  };
  const steps: Step[] = ["prepare", "backup", "migrate", "verify", "confirm"];
  for (const step of steps) {
    const ended = await end(begin(step));
    if (ended === "killed") {
      for (const { child } of alive) killFirst(child);
      await Promise.all(alive.map((each) => each.ended));
      passMinute(runner);
      return { killed: true, output: whole() };
    }
    if (ended !== "held" && ended.code !== 0) {
      await Promise.all(alive.map((each) => each.ended));
      return { killed: false, failed: step, output: whole() };
    }
  }
  return { killed: false, output: whole() };
}

/** Kills one release at each of the moments, in their order; each `up` goes on from there. */
export async function killAt(runner: Runner, moments: readonly Moment[], more: More = {}): Promise<void> {
  for (const moment of moments) {
    const { killed, output } = await upTo(runner, moment, more);
    assert.ok(killed, `it never came to ${String(moment)}:\n${output.slice(-4_000)}`);
  }
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
