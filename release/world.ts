/**
 * What a release does to the world, as the driver sees it. Every call may be made again after it was made, or half made, by a process
 * that died: it then ends where one call would have. What must be remembered in between comes back as plain data, for the ledger.
 */

/** Facts that go into the ledger and come back as they went in. */
export type Remembered = Readonly<Record<string, unknown>>;

/** A snapshot of one site that was restored into scratch and compared. */
export interface Sealed {
  readonly snapshot: string;
  readonly tables: number;
  readonly rows: number;
}

/** Finds everything that speaks against the release, before anything is changed. */
export interface Inspection {
  /** Sites that are there already; the others are made. */
  readonly standing: readonly string[];
  /** Each with its cause and its remedy; none: the release may begin. */
  readonly problems: readonly string[];
  /** Who the server is, what the sites are at: for whoever reads the record later. */
  readonly facts: Remembered;
}

export interface World {
  readonly inspect: () => Promise<Inspection>;
  /** While the site is in use. */
  readonly backUp: (site: string) => Promise<Sealed>;

  /** What the site's flags are, to be set back to. Reads only. */
  readonly flagsOf: (site: string) => Promise<Remembered>;
  /** Maintenance on, scheduler paused; true when it was observed. */
  readonly close: (site: string) => Promise<void>;
  readonly open: (site: string, flags: Remembered) => Promise<void>;

  /** Whether the queue was suspended by somebody else. Reads only. */
  readonly queueState: () => Promise<Remembered>;
  /** Suspends, and waits until no job runs. @throws when its time is up; jobs stay. */
  readonly drain: () => Promise<void>;
  readonly resume: (state: Remembered) => Promise<void>;

  /** With writes closed. @throws when something writes all the same */
  readonly seal: (site: string) => Promise<Sealed>;
  /** The new code's migration, once. */
  readonly migrate: (site: string) => Promise<void>;
  readonly create: (site: string) => Promise<void>;
  /** Whether the site is well on the new schema, seen with the new code while it is closed. @throws with what is not */
  readonly check: (site: string) => Promise<void>;

  /** Puts a seal back: database, files, configuration; ends whoever is connected first. */
  readonly restore: (site: string, sealed: Sealed) => Promise<void>;
  /** Takes away what `create` has begun. */
  readonly remove: (site: string) => Promise<void>;
}
