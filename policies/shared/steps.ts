/** The steps of a release as the resources that run them; who runs them is operate/step-cli.ts. */

/** In their order. */
export const steps = ["prepare", "backup", "migrate", "verify", "confirm"] as const;
export type Step = (typeof steps)[number];

export const localCommand = "command:local:Command";

/** Logical name of a step's Command. */
export const commandName = (step: Step): string => `release-${step}`;

/** What a step's Command runs, word by word. */
export const commandText = (step: Step): string => `node engine/start.mjs operate/step-cli.ts ${step}`;
