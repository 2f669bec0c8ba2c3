/**
 * What a release does to the world, as the driver sees it. Every call may be made again after it was made, or half made, by a process
 * that died: it then ends where one call would have. What must be remembered in between comes back as plain data, for the ledger.
 */
import type { Standing } from "../gates/judge.ts";

/** Facts that go into the ledger and come back as they went in. */
export type Remembered = Readonly<Record<string, unknown>>;

/** A snapshot of one site that was restored into scratch and compared. */
export interface Sealed {
  readonly snapshot: string;
  readonly tables: number;
  readonly rows: number;
}

/** Hashes of the code that makes a migration necessary: by app, by kind of file (release/real/code.ts). */
export type Code = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Finds everything that speaks against the release, before anything is changed. */
export interface Inspection {
  /** Sites that are there already; the others are made. */
  readonly standing: readonly string[];
  /** Each with its cause and its remedy; none: the release may begin. */
  readonly problems: readonly string[];
  /** Who the server is, what the sites are at, `code` of the image: for whoever reads the record later. */
  readonly facts: Remembered;
}

/** What the ledger knows of earlier releases, as far as an inspection asks for it. */
export interface Past {
  /** No release has stood yet. */
  readonly first: boolean;
  /** A release has kept backups in the repository. */
  readonly backedUp: boolean;
  /** The release that stands; undefined with the first. */
  readonly stands?: Standing;
}

export interface World {
  /** Waits for a backup or restore that is at work, and keeps others from beginning until this process ends its step. */
  readonly alone: () => Promise<void>;
  readonly inspect: (past: Past) => Promise<Inspection>;
  /** While the site is in use. */
  readonly backUp: (site: string) => Promise<Sealed>;

  /** What the site's flags are, to be set back to. Reads only. */
  readonly flagsOf: (site: string) => Promise<Remembered>;
  /** Sets maintenance on and the scheduler at rest. */
  readonly close: (site: string) => Promise<void>;
  /** Waits until the site was seen closed, or nobody serves it at all. @throws where it is open all the time */
  readonly untilClosed: (site: string) => Promise<"closed" | "unserved">;
  /** What was closed may have been opened by hand while nobody was at work on the release. Reads only. @throws where it was */
  readonly refuseOpened: (site: string) => Promise<void>;
  /** Waits for those who were let in before the site was closed. @throws with who is left when their time is up */
  readonly quiet: (site: string) => Promise<void>;
  readonly open: (site: string, flags: Remembered) => Promise<void>;

  /** Whether the queue was suspended by somebody else. Reads only. */
  readonly queueState: () => Promise<Remembered>;
  /** Suspends, and waits until no job runs. @throws when its time is up; jobs stay. */
  readonly drain: () => Promise<void>;
  /** With writes closed and the queue drained. @throws with the names of what runs a job, or could, all the same */
  readonly still: () => Promise<void>;
  /** Ends each worker after its job; it comes back when the guard of its container lets it. */
  readonly endWorkers: () => Promise<void>;
  readonly resume: (state: Remembered) => Promise<void>;

  /** With writes closed. @throws when something writes all the same */
  readonly seal: (site: string) => Promise<Sealed>;
  /** The new code's migration, once. */
  readonly migrate: (site: string) => Promise<void>;
  readonly create: (site: string) => Promise<void>;
  /** Whether the site is well on the new schema, seen with the new code while it is closed. @throws with what is not */
  readonly check: (site: string) => Promise<void>;
  /** Ends what `create` and `check` have begun to look at sites with: one for all sites, since each second of it is one of closed writes. */
  readonly endChecks: () => Promise<void>;

  /** Which of these seals, by site, cannot be put back any more, each with its cause and its remedy. Reads only. */
  readonly lostSeals: (seals: ReadonlyMap<string, Sealed>) => Promise<readonly string[]>;
  /** Restores a seal beside the site, which stays in use. @throws when it is not whole */
  readonly rehearse: (site: string, sealed: Sealed) => Promise<void>;
  /** In place of a migration: the site as an earlier release left it, for that release's code. */
  readonly returnTo: (site: string, sealed: Sealed) => Promise<void>;

  /** Puts a seal back: database, files, configuration; ends whoever is connected first. */
  readonly restore: (site: string, sealed: Sealed) => Promise<void>;
  /** The new code serves a site that was not migrated: forgets what was cached for the old, names of its assets above all. */
  readonly refresh: (site: string) => Promise<void>;
  /** The release stands: a site that it made is kept, one that was archived before is revived. */
  readonly keep: (site: string) => Promise<void>;
  /** Whether a site that is declared archived is there, and was not archived yet. Reads only. */
  readonly toArchive: (site: string) => Promise<boolean>;
  /** Closes its doors for good; nothing of it is dropped. */
  readonly archive: (site: string) => Promise<void>;
  /** Takes `archive` back. */
  readonly revive: (site: string) => Promise<void>;
  /** Takes away what `create` has begun. */
  readonly remove: (site: string) => Promise<void>;
}
