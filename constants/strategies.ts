/** How one version follows another. */
export const strategies = ["blueGreen", "recreate", "rolling", "canary"] as const;
export type Strategy = (typeof strategies)[number];

/** Releases that bring new code on the schema that stands: nothing is migrated, and writes stay open. */
const codeOnly: readonly Strategy[] = ["rolling", "canary"];

/** Of a ledger's facts, too, which may name none. */
export const isCodeOnly = (strategy: unknown): boolean => codeOnly.some((each) => each === strategy);
