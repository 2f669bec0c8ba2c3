/** Checks in images of their own (release.checks, kind image): the step's Job and whoever follows it have its log and its words between them. */

/** Label of their pods, and beginning of their templates' names. */
export const checkComponent = "check";

/** The suspended CronJob that a check's Job is made from. */
export const checkTemplate = (name: string): string => `${checkComponent}-${name}`;

/** What a check's program is told. `url` and `base` are one address, under the names that such programs read. */
export const checkVariables = {
  url: "CHECK_URL",
  base: "BASE_URL",
  site: "CHECK_SITE",
  release: "CHECK_RELEASE",
} as const;

/** Event of the line that asks for checks: `{"event": "checks", "release": …, "checks": [{"name": "browser", "limit": 600}]}`; limit in seconds. */
export const checksEvent = "checks";

/** Exit code of a step that has asked for checks: no success, since who has not read its log would move traffic (EX_TEMPFAIL, sysexits.h). */
export const asksCode = 75;

/** A check that is asked for. */
export interface AskedCheck {
  readonly name: string;
  /** Seconds that its program may take. */
  readonly limit: number;
}

/** What a check came to, as the step is told in its word `--checked`. */
export interface CheckOutcome {
  readonly name: string;
  readonly ok: boolean;
  /** Since its program began. */
  readonly seconds: number;
  /** Of one that failed, for a person. */
  readonly problem?: string;
}

/** Characters of a problem: all outcomes together are one word of a command. */
export const longestProblem = 300;

/**
 * How often the door's web asks the ledger, how long it waits for an answer, and what it has to end then, in seconds: a door that is open
 * while a seal is put back is one to write through.
 */
export const doorPace = { waiting: 2, running: 2, grace: 2, patience: 5 } as const;

/** Seconds until a door is shut for certain, since its release may no longer be verified. */
export const doorSeconds = doorPace.running + doorPace.patience + doorPace.grace + 1;
