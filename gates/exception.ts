/** Whether an exception holds for a release. It is for one, by its id, so that none is left behind that opens the gates to the next. */
import type { Exception } from "./declared.ts";

/** Days ahead that an exception may end at most. */
export const mostDays = 30;
const day = 24 * 3_600_000;

/** The stack file says it for longer than anybody can foresee. */
export const endsTooLate = ({ until }: Exception, at: number): boolean => Date.parse(until) > at + mostDays * day;

/** Why it does not hold for a release that begins at `at`; undefined: it does. */
export function whyNot(exception: Exception, id: string, at: number): string | undefined {
  if (exception.release !== id) return `is for release ${exception.release}, and this one is ${id}`;
  if (!(at < Date.parse(exception.until))) return `ended at ${exception.until}`;
  return endsTooLate(exception, at) ? `ends at ${exception.until}, and has to end within ${mostDays} days` : undefined;
}
