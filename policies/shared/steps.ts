/** The steps of a release as the resources that run them; who runs them is operate/step-cli.ts. */

import type { Step } from "../../constants/steps.ts";

export { steps, type Step } from "../../constants/steps.ts";

export const localCommand = "command:local:Command";

/** Logical name of a step's Command. */
export const commandName = (step: Step): string => `release-${step}`;

/** What a step's Command runs, word by word. */
export const commandText = (step: Step): string => `node engine/start.mjs operate/step-cli.ts ${step}`;
