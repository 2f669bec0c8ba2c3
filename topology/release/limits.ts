/** How long a release's steps may take. */
import type { StackConfig } from "../../config/stack.ts";
import { inForceSeconds } from "../../constants/canary.ts";

type Given = Pick<StackConfig, "release">;

/** Seconds that the stages of a canary take at most; 0 with another strategy. */
const canarySeconds = ({ release: { strategy, canary } }: Given): number =>
  strategy === "canary" ? canary.stages.reduce((sum, { minutes }) => sum + minutes * 60 + inForceSeconds, 0) : 0;

/** In the order of their names: Pulumi hands the keys of a stack file over in any. */
export const checksOf = ({ release }: Given) =>
  Object.entries(release.checks).sort(([one], [other]) => (one < other ? -1 : 1));

/**
 * Seconds that the stack's own checks take at most. Each pod that they are made in has its own time to start, and so has the one that hears
 * what they came to.
 */
export function checkSeconds({ release }: Given): number {
  const checks = Object.values(release.checks);
  const images = checks.filter(({ kind }) => kind === "image").length;
  const starts = images === 0 ? 0 : images + 1;
  return checks.reduce((sum, { timeout }) => sum + timeout, starts * release.readyTimeout);
}

/** What the new set is judged by before traffic moves, on top of the time that every release has for it. */
export const addedSeconds = (config: Given): number => canarySeconds(config) + checkSeconds(config);

/** What a step may take, its way back included. */
export const stepSeconds = (config: Given): number =>
  config.release.timeouts.step + config.release.timeouts.back + addedSeconds(config);
