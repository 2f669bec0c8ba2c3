/** Whether a canary may have more of the requests: plain rules on what was counted. What cannot be judged has failed. */

/** What one side answered in a span of time. */
export interface Answers {
  readonly requests: number;
  /** Of these, answers 5xx. */
  readonly errors: number;
}

export interface Sample extends Answers {
  /** Seconds that 95 of 100 requests took at most; undefined where nothing was measured. */
  readonly p95: number | undefined;
}

export interface Sides<Of> {
  readonly canary: Of;
  /** The set that stands, in the same time. */
  readonly baseline: Of;
}

export interface Thresholds {
  /** Percentage points over the baseline's share of errors. */
  readonly maxErrorShare: number;
  /** Times the baseline's p95. */
  readonly maxSlowdown: number;
  /** Of each side; fewer are no measure. */
  readonly minRequests: number;
}

/** Errors beyond the baseline's share from which on that share counts: with few requests a single one is many points. */
export const fewestErrors = 3;
/** Requests of each side from which on the p95 counts: of fewer it hangs on one or two of the slowest. */
export const fewestOfPace = 100;
/** Requests of a minute that a judgement in between needs: it must not hang on one or two. */
export const fewestOfMinute = 10;

const percent = ({ requests, errors }: Answers): number => (errors / requests) * 100;
const told = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

const isCount = (value: number): boolean => Number.isFinite(value) && value >= 0;

function countProblem(name: string, { requests, errors }: Answers, { minRequests }: Thresholds): string | undefined {
  if (!isCount(requests) || !isCount(errors)) return `no metrics of ${name}`;
  return requests < minRequests
    ? `too few requests to judge ${name}: ${Math.floor(requests)} of ${minRequests} (frappe:release.canary.minRequests)`
    : undefined;
}

function errorProblem({ canary, baseline }: Sides<Answers>, { maxErrorShare }: Thresholds): string | undefined {
  const [its, usual] = [percent(canary), percent(baseline)];
  const more = canary.errors - (canary.requests * baseline.errors) / baseline.requests;
  return its - usual > maxErrorShare && more >= fewestErrors
    ? `${told(its)} % of the canary's answers are 5xx, of the standing set's ${told(usual)} %; ${maxErrorShare} points more are allowed`
    : undefined;
}

function paceProblem({ canary, baseline }: Sides<Sample>, { maxSlowdown }: Thresholds): string | undefined {
  if (Math.min(canary.requests, baseline.requests) < fewestOfPace) return undefined;
  const [its, usual] = [canary.p95 ?? NaN, baseline.p95 ?? NaN];
  if (!isCount(its) || !isCount(usual)) {
    return `no metrics of how long the ${isCount(its) ? "standing set's" : "canary's"} answers take`;
  }
  return its > usual * maxSlowdown
    ? `the canary's p95 is ${told(its * 1_000)} ms, the standing set's ${told(usual * 1_000)} ms; ${maxSlowdown} times that is allowed`
    : undefined;
}

/** What speaks against the canary at the end of a stage; undefined: nothing. */
export const problemOfStage = (sides: Sides<Sample>, thresholds: Thresholds): string | undefined =>
  countProblem("the canary", sides.canary, thresholds) ??
  countProblem("the standing set", sides.baseline, thresholds) ??
  errorProblem(sides, thresholds) ??
  paceProblem(sides, thresholds);

/** What ends a stage before its time: more than half of a minute's answers are errors. */
export const problemOfMinute = ({ requests, errors }: Answers): string | undefined =>
  requests >= fewestOfMinute && errors * 2 > requests
    ? `${Math.round(errors)} of the canary's ${Math.round(requests)} answers in a minute were 5xx`
    : undefined;

/**
 * Whether the canary gets the share that was asked for: nearer to it than to the one before.
 * @param weight in percent.
 */
export function isInForce({ canary, baseline }: Sides<Answers>, weight: number, before: number): boolean {
  const all = canary.requests + baseline.requests;
  return canary.requests > 0 && (canary.requests / all) * 100 >= (before + weight) / 2;
}
