/** How long a release's steps may take. */
import type { StackConfig } from "../../config/stack.ts";
import { inForceSeconds } from "../../constants/canary.ts";

/** Seconds that the stages of a canary take at most, on top of what every release has; 0 with another strategy. */
export const canarySeconds = ({ release: { strategy, canary } }: Pick<StackConfig, "release">): number =>
  strategy === "canary" ? canary.stages.reduce((sum, { minutes }) => sum + minutes * 60 + inForceSeconds, 0) : 0;

/** What a step may take, its way back included. */
export const stepSeconds = (config: Pick<StackConfig, "release">): number =>
  config.release.timeouts.step + config.release.timeouts.back + canarySeconds(config);
