/**
 * What a stack file asks of a release before it may begin: the shape in which the manifest and the runner's configuration carry it. None of
 * it makes a release: it decides whether one may begin, never what it is.
 */

/** Part of the week by the clock on the wall, `fri 12:00`; it may go over Sunday. */
export interface WeeklyWindow {
  readonly from: string;
  readonly to: string;
}

/** Between two moments by the clock on the wall, `2026-12-20 00:00`. */
export interface DatedWindow {
  readonly from: string;
  readonly to: string;
  readonly why?: string | undefined;
}

export interface Freeze {
  /** By the IANA database: whose clock on the wall. */
  readonly timeZone: string;
  readonly weekly: readonly WeeklyWindow[];
  readonly dated: readonly DatedWindow[];
}

/** Where an image has to have stood before. */
export interface Staging {
  /** `frappe:bench.id` of that stack. */
  readonly bench: string;
  /** How long it has to have stood there. */
  readonly hours: number;
}

/** What `npm run releases -- <staging> attest <id>` says of a release that stood there. It is a statement, and no signature. */
export interface Proof {
  readonly bench: string;
  readonly release: string;
  readonly digest: string;
  readonly apps: Readonly<Record<string, string>>;
  /** `2026-11-20T10:00Z`. */
  readonly confirmedAt: string;
  readonly gitSha?: string | undefined;
}

export const gateNames = ["freeze", "oneChange", "staging"] as const;
export type GateName = (typeof gateNames)[number];

/** Lets one release, and no other, pass gates that would refuse it. */
export interface Exception {
  /** Its id, as the preview shows it. */
  readonly release: string;
  readonly gates: readonly GateName[];
  readonly reason: string;
  /** Who has agreed to it. */
  readonly by: string;
  /** The release has to begin before: `2026-12-24T06:00Z`. */
  readonly until: string;
}

export interface Gates {
  readonly freeze?: Freeze;
  /** A release changes one kind of thing. */
  readonly oneChange: boolean;
  readonly staging?: Staging;
  readonly proof?: Proof;
  readonly exception?: Exception;
}

/** What a release is made of, one hash for each kind of thing that may change. */
export interface Kinds {
  readonly code: string;
  readonly sites: string;
  readonly settings: string;
}
