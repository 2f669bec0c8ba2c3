/** One process at work on one release: what every part of the driver is given. */
import { setTimeout as sleep } from "node:timers/promises";
import { info, messageOf } from "../../backup/log.ts";
import { type Hold, type Ledger, Overtaken } from "../ledger/ledger.ts";
import type { Release, ReleaseSite } from "../ledger/records.ts";
import type { ReleaseState } from "../machine.ts";
import type { Sealed, World } from "../world.ts";

/** A release as it is asked for. */
export interface Wanted {
  readonly id: string;
  /** Sites that are to be active with it, in the order in which they are migrated. */
  readonly sites: readonly string[];
  /** Sites that are declared archived. */
  readonly archived: readonly string[];
  /** For the record: image, apps, git SHA, attempt, who. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Milliseconds from `migrated` until it goes back by itself. */
  readonly holdMs: number;
}

/** The ledger's rules, wherever it is kept. */
export type Book = Pick<
  Ledger,
  | "take"
  | "renew"
  | "letGo"
  | "begin"
  | "move"
  | "moveSite"
  | "note"
  | "ask"
  | "release"
  | "releases"
  | "sites"
  | "events"
>;

export interface Run {
  readonly wanted: Wanted;
  readonly ledger: Book;
  /** For the way forward: its calls end when `signal` calls the work off. */
  readonly world: World;
  /** Calls the work off: its time limit, a SIGTERM, the right to write that was lost. */
  readonly signal: AbortSignal;
  /**
   * For the way back, with time of its own, whatever has called the way forward off.
   * @param of another release, that was left on its way.
   * @throws Overtaken when the right to write is lost; when the time for the way back is up
   */
  readonly back: (of?: Release) => World;
  readonly hold: Hold;
  /** One line for a person. */
  readonly say: (line: string) => void;
  /** Told of each state that the release has reached. */
  readonly reached: (state: ReleaseState) => void;
  /** A place where a test may end the process; nothing otherwise. */
  readonly point: (name: string) => void | Promise<void>;
}

/** Refused: nothing was changed, and the message says what to do. */
export class Refused extends Error {}

/** The release went back; the message says why. */
export class WentBack extends Error {}

/** Seconds that the right to write lasts without a sign of life, and how often there is one. */
export const holdSeconds = 60;
const renewMs = 15_000;

/**
 * Does `work` while the right to write is kept alive; when it is lost, or may be, `lost` is told, and everything is to stop.
 */
export async function holding<Result>(
  ledger: Book,
  name: string,
  lost: (error: Overtaken) => void,
  work: (hold: Hold) => Promise<Result>,
  everyMs = renewMs,
): Promise<Result> {
  const hold = await ledger.take(name, holdSeconds);
  const done = new AbortController();
  const renewing = keepAlive(ledger, hold, { done: done.signal, everyMs, lost });
  try {
    return await work(hold);
  } finally {
    done.abort();
    await renewing;
    await ledger.letGo(hold);
  }
}

async function keepAlive(
  ledger: Book,
  hold: Hold,
  { done, everyMs, lost }: { done: AbortSignal; everyMs: number; lost: (error: Overtaken) => void },
): Promise<void> {
  let last = Date.now();
  while (!done.aborted) {
    await sleep(everyMs, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) return;
    try {
      await ledger.renew(hold, holdSeconds);
      last = Date.now();
    } catch (error) {
      // A server that is away for a moment is no loss, until the right may have gone to somebody else.
      if (error instanceof Overtaken || Date.now() - last > holdSeconds * 1_000) {
        lost(error instanceof Overtaken ? error : new Overtaken(`the ledger was out of reach for ${holdSeconds} s`));
        return;
      }
    }
  }
}

const awayMs = 1_000;
/** So long it is asked; what is wrong for longer does not pass by itself. */
const patienceMs = 600_000;

/**
 * Asks the ledger, and again while it cannot be asked: whoever holds a release does not leave it for a server that is away for a moment.
 * @param still throws when nobody waits for the answer any more
 */
export async function patiently<Answer>(still: () => unknown, question: () => Promise<Answer>): Promise<Answer> {
  const until = Date.now() + patienceMs;
  for (let told = false; ; told = true) {
    try {
      return await question();
    } catch (error) {
      if (error instanceof Refused || error instanceof Overtaken || Date.now() > until) throw error;
      still();
      if (!told) info("waiting", { for: `the ledger: ${messageOf(error)}` });
      await sleep(awayMs);
    }
  }
}

export async function releaseOf({ ledger, wanted }: Run): Promise<Release> {
  const release = await ledger.release(wanted.id);
  if (release === undefined) {
    throw new Refused(`release ${wanted.id} is not in the ledger: its step prepare has not run`);
  }
  return release;
}

/** Moves the release on, and says so. */
export async function moveOn(
  run: Run,
  step: Parameters<Book["move"]>[2],
  more?: Parameters<Book["move"]>[3],
): Promise<void> {
  await run.ledger.move(run.hold, run.wanted.id, step, more);
  run.reached(step[1]);
  await run.point(`now:${step[1]}`);
}

export const sitesOf = ({ ledger, wanted }: Run): Promise<readonly ReleaseSite[]> => ledger.sites(wanted.id);

/** The seal of a site, as the ledger keeps it. */
export function sealOf({ site, facts }: ReleaseSite): Sealed | undefined {
  const { seal } = facts as { seal?: Sealed };
  if (seal !== undefined && typeof seal.snapshot !== "string") {
    throw new Error(`${site}: the ledger's seal names no snapshot`);
  }
  return seal;
}
