/** What the release runner is told: the shape of its configuration file. Types only; nothing in it is secret. */
import type { BackupJob } from "../backup/job.ts";
import type { Strategy } from "../constants/strategies.ts";
import type { Gates, Kinds } from "../gates/declared.ts";

/** A site as it is declared. */
export interface ReleaseSiteSpec {
  readonly name: string;
  readonly domains: readonly string[];
  /** In order of installation; frappe first. */
  readonly apps: readonly string[];
  readonly schema: string;
  readonly state: "active" | "archived";
  readonly settings: { readonly sessionExpiry: string; readonly denyMultipleSessions: boolean };
}

/** Seconds that a step may take; whatever is late has failed. */
export interface ReleaseLimits {
  /** For running jobs to end. */
  readonly drain: number;
  /** For one site's `bench migrate`. */
  readonly migrate: number;
  /** For one site to be made. */
  readonly createSite: number;
  /** From `migrated` until the new set has to be verified; later, whoever holds the release goes back by itself. */
  readonly hold: number;
  /** For the new set to answer well. */
  readonly verify: number;
  /** For a step as a whole; what fails at its end still goes back. */
  readonly whole: number;
  /** For the way back as a whole, on top of all others. @default whole */
  readonly back?: number;
}

interface CheckShared {
  readonly name: string;
  readonly site: string;
  /** Seconds that it may take; then it has failed. */
  readonly limit: number;
}

/** A check of the stack's own. */
export type ReleaseCheck = CheckShared &
  (
    | {
        readonly kind: "bench";
        /** Words behind `bench --site <site>`; what they write stays. */
        readonly args: readonly string[];
      }
    | {
        readonly kind: "script";
        /** Python; what it writes is rolled back. */
        readonly file: string;
      }
    | {
        /** Whoever follows the step has it made elsewhere, and tells what it came to. */
        readonly kind: "image";
      }
  );

/** A share of the requests that the new set gets beside the old one, and for how long. */
export interface CanaryStage {
  /** Percent of all requests. */
  readonly weight: number;
  readonly seconds: number;
}

/** What a canary goes through, and what it is judged by. */
export interface CanaryJob {
  /** Base URL of Prometheus. */
  readonly prometheus: string;
  /** With rising weights. */
  readonly stages: readonly CanaryStage[];
  /** Percentage points over the standing set's share of errors. */
  readonly maxErrorShare: number;
  /** Times the standing set's p95. */
  readonly maxSlowdown: number;
  /** Requests that each set needs in a stage. */
  readonly minRequests: number;
}

export interface ReleaseJob {
  /** The stack's lasting identity: whose ledger it is. */
  readonly owner: string;
  readonly release: {
    readonly id: string;
    readonly attempt: number;
    readonly image: string;
    readonly gitSha?: string;
    /** What the image has, and in which version. */
    readonly apps: readonly { readonly name: string; readonly version: string }[];
    readonly strategy: Strategy;
    /** Puts back what stood before this release. */
    readonly rollbackTo?: string;
    /** What it is made of, for the record: the next one is compared with it. */
    readonly kinds?: Kinds;
  };
  /** What it has to keep to before it may begin. @default nothing */
  readonly gates?: Gates;
  readonly sites: readonly ReleaseSiteSpec[];
  readonly bench: {
    readonly id: string;
    /** Folder of the bench; commands run here. */
    readonly folder: string;
    readonly queues: readonly string[];
  };
  /** Name of the ledger's database on the bench's server. */
  readonly ledger: string;
  /** Folder with the files `username` and `password` of the server's administrator. */
  readonly adminFolder: string;
  /** The same of the ledger's reader, a user that the runner makes. */
  readonly readerFolder: string;
  /** File with the sites' credentials: JSON, by site: adminPassword, databasePassword, encryptionKey. */
  readonly sitesFile: string;
  /** Base URLs: where sites are served now, and the new set's own, for what is asked before traffic moves. */
  readonly endpoints: {
    readonly serving: string;
    readonly web: string;
    readonly socketio: readonly string[];
    readonly nginx: string;
  };
  readonly limits: ReleaseLimits;
  /** What the new set has to pass beside our own looks. @default none */
  readonly checks?: readonly ReleaseCheck[];
  /** With strategy canary. */
  readonly canary?: CanaryJob;
  /** How sites are dumped, kept and read again; one program and one repository for both. */
  readonly backup: BackupJob;
}
