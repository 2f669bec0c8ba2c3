/** The steps of a release, in their order: as the resources that ask for them, the Jobs that do them, and the runner in those. */
export const steps = ["prepare", "backup", "migrate", "verify", "confirm"] as const;
export type Step = (typeof steps)[number];
