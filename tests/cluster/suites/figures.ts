/** What was measured on the way: said at the end of the run, never asserted. */
export const figures: Record<string, string> = {};
