/**
 * What a release goes through, as plain rules: the states of a release and of each of its sites, and which may follow which. The ledger
 * writes no other transition, whoever asks (docs/adr/0013).
 */

/** Nothing is written to a site before `migrating`; nothing is put back by itself after `verified`. */
export const releaseStates = [
  /** Checks have passed; what stands is known. */
  "prepared",
  /** Each site that stands has a backup that was restored into scratch and compared. */
  "backed_up",
  /** Code only: the new set may serve beside the old one, on the same schema, with writes open; a deadline runs. */
  "trial",
  /** Flags are being set, the queue suspended. */
  "closing",
  /** No request, job or tick writes. */
  "closed",
  /** The last backup, taken while nobody writes: what a rollback puts back. */
  "sealed",
  /** Sites are made, and migrated by the new code. */
  "migrating",
  /** Each site is on the new schema and was found well there; writes are still closed, and a deadline runs. */
  "migrated",
  /** The new set serves each site; traffic may move. */
  "verified",
  /** Writes are open: the release stands. */
  "confirmed",
  /** Before anything was written: flags and queue go back to what they were. */
  "aborting",
  "aborted",
  /** The seal is being put back. */
  "rolling_back",
  "rolled_back",
  /** The seal could not be put back: writes stay closed, and a person is called. */
  "needs_human",
] as const;
export type ReleaseState = (typeof releaseStates)[number];

const next: Readonly<Record<ReleaseState, readonly ReleaseState[]>> = {
  prepared: ["backed_up", "aborted"],
  backed_up: ["closing", "trial", "aborted"],
  trial: ["verified", "aborted"],
  closing: ["closed", "aborting"],
  closed: ["sealed", "aborting"],
  sealed: ["migrating", "aborting"],
  migrating: ["migrated", "rolling_back"],
  migrated: ["verified", "rolling_back"],
  verified: ["confirmed"],
  confirmed: [],
  aborting: ["aborted"],
  aborted: [],
  rolling_back: ["rolled_back", "needs_human"],
  rolled_back: [],
  // A person has put right what stood in the way, and asks again for the way back that was begun.
  needs_human: ["rolling_back"],
};

/** What a site is in while its release goes on, and what it ends as. */
export const siteStates = [
  "pending",
  "sealed",
  /** The new site's database and folder are being made. */
  "creating",
  "migrating",
  /** Migrated or made, and found well: `/login` and a document of each app answer. */
  "ready",
  /** Ends. */
  "released",
  "restored",
  /** A site that this release had begun to make, taken away again. */
  "removed",
  /** Nothing was written to it. */
  "untouched",
  "needs_human",
] as const;
export type SiteState = (typeof siteStates)[number];

const siteNext: Readonly<Record<SiteState, readonly SiteState[]>> = {
  // To released: by a release of code only, which writes to no site.
  pending: ["sealed", "creating", "untouched", "released"],
  sealed: ["migrating", "untouched"],
  creating: ["ready", "removed", "needs_human"],
  // Back to sealed: its runner was killed, the seal put back, and the migration begins anew.
  migrating: ["ready", "sealed", "restored", "needs_human"],
  ready: ["released", "restored", "removed"],
  released: [],
  restored: [],
  removed: [],
  untouched: [],
  needs_human: ["restored", "removed"],
};

export const mayFollow = (from: ReleaseState, to: ReleaseState): boolean => next[from].includes(to);
export const siteMayFollow = (from: SiteState, to: SiteState): boolean => siteNext[from].includes(to);

/** Nothing follows by itself, and another release may begin. */
export const isEnd = (state: ReleaseState): boolean => next[state].length === 0;

/** Where a failure leads from here: undefined where the only way is forward, or there is none. */
export function wayBack(state: ReleaseState): "aborted" | "aborting" | "rolling_back" | undefined {
  return (["aborted", "aborting", "rolling_back"] as const).find((way) => mayFollow(state, way));
}

/** States in which sites may be on the schema of the new release, or half way to it. */
export const isWritten = (state: ReleaseState): boolean =>
  ["migrating", "migrated", "verified", "rolling_back"].includes(state);

/** States of its sites that a release may end with; `needs_human` is none of its ends. */
export const endsWith: Readonly<Record<"confirmed" | "aborted" | "rolled_back", readonly SiteState[]>> = {
  confirmed: ["released"],
  aborted: ["untouched"],
  rolled_back: ["restored", "removed", "untouched"],
};
