/**
 * The stages of a canary: a share of the requests is asked for, seen to be in force, watched, and judged at its end. What cannot be seen has
 * failed: no stage ends well because nobody counted.
 */
import { inForceSeconds } from "../../constants/canary.ts";
import type { CanaryJob, CanaryStage } from "../job.ts";
import { type Answers, isInForce, problemOfMinute, problemOfStage, type Sides } from "./judge.ts";
import { type Metrics, NoMetrics } from "./prometheus.ts";

/** Seconds between two looks. */
export const lookSeconds = 15;
/** Seconds without an answer of Prometheus until the canary has failed. */
export const silentSeconds = 180;
/** Looks in a row that find the canary's web gone, until it has failed. */
export const lostLooks = 4;

/** What the stages see of the world, and do to it. */
export interface CanaryWorld {
  readonly metrics: Metrics;
  /** Why the canary does not answer at its own address; undefined: it does. */
  readonly lost: () => Promise<string | undefined>;
  /** Asks for a share of the requests, in percent. */
  readonly want: (weight: number) => void;
  /** Notes that the stage of this weight ended well. */
  readonly passed: (weight: number) => Promise<void>;
  readonly say: (line: string) => void;
  /** Seconds of a clock that never goes back. */
  readonly now: () => number;
  /** @throws what calls the work off */
  readonly sleep: (seconds: number) => Promise<void>;
}

/** An answer of Prometheus, or why there is none. */
async function heard<Of>(ask: () => Promise<Of>): Promise<Of | string> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NoMetrics)) throw error;
    return error.message;
  }
}

/** Counts for how long Prometheus has been silent, and how often in a row the canary was gone. */
function watch({ metrics, lost, now }: CanaryWorld) {
  let last = now();
  let gone = 0;
  return {
    /** What was counted in the last minute, or why nothing was; and what ends the stage at once. */
    look: async (): Promise<{ readonly sides: Sides<Answers> | string; readonly problem: string | undefined }> => {
      const why = await lost();
      gone = why === undefined ? 0 : gone + 1;
      const sides = await heard(() => metrics.answers(60));
      if (why !== undefined && gone >= lostLooks) return { sides, problem: `the canary does not answer: ${why}` };
      if (typeof sides !== "string") {
        last = now();
        return { sides, problem: problemOfMinute(sides.canary) };
      }
      const silent = now() - last >= silentSeconds;
      return { sides, problem: silent ? `no metrics for ${silentSeconds} s: ${sides}` : undefined };
    },
  };
}

/** A part of the routes, or of the gateway, may give the canary its share long before the rest: it is watched from the first request on. */
async function untilInForce(world: CanaryWorld, weight: number, before: number, { look }: ReturnType<typeof watch>) {
  const until = world.now() + inForceSeconds;
  for (;;) {
    const { sides, problem } = await look();
    if (problem !== undefined) return problem;
    if (typeof sides !== "string" && isInForce(sides, weight, before)) return undefined;
    if (world.now() >= until) {
      const seen =
        typeof sides === "string"
          ? sides
          : `of ${Math.round(sides.canary.requests + sides.baseline.requests)} requests in the last minute it got ${Math.round(sides.canary.requests)}`;
      return `the share was not in force within ${inForceSeconds} s: ${seen}`;
    }
    await world.sleep(lookSeconds);
  }
}

async function judged(canary: CanaryJob, stage: CanaryStage, world: CanaryWorld): Promise<string | undefined> {
  const since = world.now();
  for (;;) {
    const sides = await heard(() => world.metrics.sample(stage.seconds));
    if (typeof sides !== "string") return problemOfStage(sides, canary);
    if (world.now() - since >= silentSeconds) return `no metrics for ${silentSeconds} s: ${sides}`;
    await world.sleep(lookSeconds);
  }
}

async function runStage(canary: CanaryJob, stage: CanaryStage, before: number, world: CanaryWorld) {
  const { now, say, sleep, want } = world;
  want(stage.weight);
  say(`asked for ${stage.weight} % of the requests`);
  const watched = watch(world);
  const late = await untilInForce(world, stage.weight, before, watched);
  if (late !== undefined) return late;
  say(`${stage.weight} % of the requests go to the new set, and are watched for ${Math.round(stage.seconds / 60)} min`);
  const until = now() + stage.seconds;
  for (let left = stage.seconds; left > 0; left = until - now()) {
    await sleep(Math.min(lookSeconds, left));
    const { problem } = await watched.look();
    if (problem !== undefined) return problem;
  }
  return judged(canary, stage, world);
}

/**
 * Goes through the stages, and asks for no share any more in the end, whatever the end.
 * @param from the weight of the last stage that an earlier try has passed; 0: none.
 * @returns what speaks against the canary; undefined: nothing
 */
export async function runStages(canary: CanaryJob, from: number, world: CanaryWorld): Promise<string | undefined> {
  let before = from;
  try {
    for (const stage of canary.stages.filter(({ weight }) => weight > from)) {
      const problem = await runStage(canary, stage, before, world);
      if (problem !== undefined) return `at ${stage.weight} % of the requests: ${problem}`;
      await world.passed(stage.weight);
      before = stage.weight;
    }
    return undefined;
  } finally {
    world.want(0);
  }
}
