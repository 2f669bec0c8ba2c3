/** What every step of a run is given: the job, its end, and the environments of its programs. */
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { BackupJob } from "./job.ts";
import type { Lock } from "./lock.ts";

/** What a database's own programs are given. */
export interface ClientContext {
  readonly job: Pick<BackupJob, "database" | "tools" | "libraries">;
  /** A folder of this process alone: passwords, queries, temporary files. */
  readonly own: string;
  /** Calls everything off: at the time limit, at SIGTERM, when the lock is lost. Its reason says which. */
  readonly signal: AbortSignal;
}

export interface Context extends ClientContext {
  readonly job: BackupJob;
  /** Names this run: the tag of its snapshots. */
  readonly run: string;
  readonly abort: (reason: Error) => void;
  /** Empties scratch, where a killed run may have left its files; for who holds the bench's lock. */
  readonly claimScratch: () => void;
  /** Does what a run need not do twice; what failed is done again. */
  readonly once: (what: string, work: () => Promise<void>) => Promise<void>;
  /** The bench's lock, where this process keeps it for longer than one piece of its work (`keepLock`). */
  readonly kept: { lock?: Lock };
  /** Ends the timer and removes what was written. */
  readonly close: () => void;
}

/** @param seconds after which everything is called off. */
export function openContext(job: BackupJob, seconds = job.timeLimit): Context {
  const controller = new AbortController();
  const abort = (reason: Error) => controller.abort(reason);
  const late = () => abort(new Error(`the time limit of ${seconds} s has passed`));
  const limit = setTimeout(late, seconds * 1_000).unref();
  mkdirSync(job.scratch, { recursive: true, mode: 0o700 });
  const own = mkdtempSync(path.join(job.scratch, ".own-"));
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  let claimed = false;
  const done = new Set<string>();
  return {
    job,
    own,
    run: `${stamp}-${process.pid}`,
    signal: controller.signal,
    abort,
    claimScratch: () => {
      claimed = true;
      empty(job, own);
    },
    once: async (what, work) => {
      if (done.has(what)) return;
      await work();
      done.add(what);
    },
    kept: {},
    close: () => {
      clearTimeout(limit);
      rmSync(own, { recursive: true, force: true });
      if (claimed) empty(job, own);
    },
  };
}

export const cacheOf = (job: BackupJob): string => job.cache ?? path.join(job.scratch, "cache");

/** Removes all but our own folder, the file system's, and the cache, which makes the next run faster where scratch stays. */
function empty(job: BackupJob, own: string): void {
  const kept = [cacheOf(job), own, path.join(job.scratch, "lost+found")];
  for (const name of readdirSync(job.scratch)) {
    const entry = path.join(job.scratch, name);
    if (!kept.some((each) => each === entry || each.startsWith(`${entry}/`))) {
      rmSync(entry, { recursive: true, force: true });
    }
  }
}

/** Names files by what is in them, and tells nothing of it. */
const secret = randomBytes(32);

/**
 * Writes a file that only this user may read; answers its path. Another content is another file: of two statements at a time none may
 * become the other.
 */
export function ownFile({ own }: Pick<ClientContext, "own">, name: string, content: string): string {
  const file = path.join(own, `${createHmac("sha256", secret).update(content).digest("hex").slice(0, 24)}-${name}`);
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, content, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return file;
}

/** The whole environment of a child: nothing of ours leaks into it. */
export function childEnvironment(
  { job, own }: ClientContext,
  more: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const places = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const PATH = [...(job.tools === undefined ? [] : [job.tools]), ...places].join(":");
  const all = { PATH, HOME: own, TMPDIR: own, LANG: "C.UTF-8", ...more };
  const known = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(known);
}
