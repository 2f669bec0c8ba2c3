// Releases driven over the ledger in memory and the world of numbers, which die and fail where a plan says.
import assert from "node:assert/strict";
import { backUp, confirm, migrate, prepare, verified } from "../../../release/drive/forward.ts";
import { endTrial } from "../../../release/drive/trial.ts";
import type { Run, Wanted } from "../../../release/drive/run.ts";
import { isEnd, type ReleaseState } from "../../../release/machine.ts";
import { type Fate, Life, MemoryLedger, ModelWorld } from "./memory.ts";

export const standing = ["a.test", "b.test"];
export const fates = ["dies before", "dies half way", "dies after", "fails"] as const;

/** Whether a release is over, or a person is asked for. */
export const isSettled = (state: ReleaseState): boolean => isEnd(state) || state === "needs_human";

/** What becomes of calls: of one by its number, of the first ones by their name. */
export type Plan = ReadonlyMap<number | string, Fate | readonly Fate[]>;

/** A patch fails, and twice the way back, too. */
export const stuck: Plan = new Map<string, readonly Fate[]>([
  ["migrate b.test", ["fails"]],
  ["restore a.test", ["fails", "fails"]],
]);

/**
 * Dies or fails at the calls that the plan names, and dies at the writes to the ledger that `kills` names; goes well otherwise.
 * @param stand sites that are there before.
 */
export function setting(plan: Plan = new Map(), kills: ReadonlySet<number> = new Set(), stand = standing) {
  let [calls, writes] = [0, 0];
  let left = new Map(plan);
  let wanted: Wanted = { id: "r1", sites: [...stand, "new.test"], archived: [], facts: {}, holdMs: 1_000 };
  const life = new Life();
  const fateOf = (call: number | string): Fate | undefined => {
    const [fate, ...more] = [left.get(call) ?? []].flat();
    left.set(call, more);
    return fate;
  };
  const world = new ModelWorld(life, stand, (call) => {
    watch();
    made.push(call);
    return fateOf((calls += 1)) ?? fateOf(call) ?? "well";
  });
  const ledger = new MemoryLedger(life, () => {
    watch();
    return kills.has((writes += 1));
  });
  const said: string[] = [];
  const made: string[] = [];
  let watch = () => {};
  const run = async (): Promise<Run> => ({
    wanted,
    ledger,
    world,
    signal: new AbortController().signal,
    back: () => world,
    hold: await ledger.take("runner"),
    say: (line) => said.push(line),
    reached: () => {},
    point: () => {},
  });
  let judge = (): Promise<string | undefined> => Promise.resolve(undefined);
  const verify = async (each: Run) => {
    await endTrial(each, judge);
    if ((await ledger.release(wanted.id))?.state === "migrated") {
      await verified(each);
    }
  };
  /** One `up`: every step in order, as the engine runs them. */
  const up = async () => {
    for (const step of [prepare, backUp, migrate, verify, confirm]) {
      await step(await run());
    }
  };
  /** The same `up` again and again, as long as it was killed. */
  const untilSettled = async (): Promise<Error | undefined> => {
    for (let tries = 0; tries < 60; tries += 1) {
      try {
        const died = life.begin();
        if ((await Promise.race([up(), died])) !== "died") {
          return undefined;
        }
      } catch (error) {
        assert.ok(error instanceof Error);
        return error;
      }
    }
    throw new Error("it does not end");
  };
  return {
    world,
    ledger,
    said,
    /** Calls to the world, in their order. */
    made,
    /** Looks at everything before each call and each write to the ledger. */
    watch: (look: () => void) => void (watch = look),
    run,
    up,
    /** What is found of the new set of a release on trial. */
    finds: (found: typeof judge) => void (judge = found),
    /** Told when the process of an `up` has died. */
    dies: () => life.begin(),
    untilSettled,
    /** The next `up` is one of this release; calls and writes are counted from now on. */
    next: (more: Partial<Wanted>, fated: { plan?: Plan; kills?: ReadonlySet<number> } = {}) => {
      wanted = { ...wanted, ...more };
      [calls, writes] = [0, 0];
      left = new Map(fated.plan);
      kills = fated.kills ?? new Set();
    },
  };
}
