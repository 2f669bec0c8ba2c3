/**
 * RQ's key `rq:suspended`: while it is there no worker begins a job (rq/suspension.py; a worker asks whether it exists, never what it
 * says). What it says is ours: which releases hold the workers, and what stood there before the first of them.
 */
import { type Ask, atomically, type Command } from "./redis.ts";
import { milliseconds } from "./resp.ts";

const key = "rq:suspended";

/** What somebody else had set. */
interface Before {
  readonly value: string;
  /** When it would have gone by itself, in milliseconds of the server's clock; null: never. */
  readonly until: number | null;
}

interface Held {
  readonly releases: readonly string[];
  readonly before: Before | null;
}

/** What stood before any release held the workers. */
export interface Prior {
  readonly suspended: boolean;
  /** When that ends by itself: milliseconds of the server's clock. */
  readonly until?: number;
}

const priorOf = (before: Before | null): Prior => ({
  suspended: before !== null,
  ...(before !== null && before.until !== null && { until: before.until }),
});

/** More often than this nobody changes the key in between, unless something is badly wrong. */
const tries = 50;

/**
 * Keeps the workers from beginning a job. IT STOPS EVERY BENCH ON THAT REDIS: the key knows no bench (frappe-live §3). Asked again by
 * the same release it changes nothing, so that one which was killed in between finds what stood before it.
 */
export function suspend(ask: Ask, release: string): Promise<Prior> {
  return change(ask, ({ held, value, until }) => {
    const before = held?.before ?? (held === undefined && value !== null ? { value, until } : null);
    const releases = [...new Set([...(held?.releases ?? []), release])];
    return [priorOf(before), [["SET", key, JSON.stringify({ releases, before } satisfies Held)]]];
  });
}

/**
 * Lets go of the workers; what others hold stays held: another release, a person who has suspended them before or meanwhile. A person
 * who has resumed them meanwhile is not contradicted.
 * @returns whether the workers run now.
 */
export function resume(ask: Ask, release: string): Promise<boolean> {
  return change<boolean>(ask, ({ held, value, now }) => {
    if (held === undefined || !held.releases.includes(release)) return [value === null, []];
    const { before } = held;
    const releases = held.releases.filter((each) => each !== release);
    if (releases.length > 0) return [false, [["SET", key, JSON.stringify({ releases, before } satisfies Held)]]];
    if (before === null || (before.until !== null && before.until <= now)) return [true, [["DEL", key]]];
    const expiry: Command[] = before.until === null ? [] : [["PEXPIREAT", key, before.until]];
    return [false, [["SET", key, before.value], ...expiry]];
  });
}

/** Whether workers are kept from beginning a job, by whomever. */
export const isSuspended = async (ask: Ask): Promise<boolean> => (await ask("EXISTS", key)) === 1;

interface Standing {
  readonly value: string | null;
  /** When it goes by itself. */
  readonly until: number | null;
  /** What of it is ours. */
  readonly held: Held | undefined;
  readonly now: number;
}

type Decide<Result> = (standing: Standing) => readonly [Result, readonly Command[]];

/** Reads the key, decides, and writes it unless it has changed in between. */
async function change<Result>(ask: Ask, decide: Decide<Result>): Promise<Result> {
  for (let attempt = 0; attempt < tries; attempt++) {
    await ask("WATCH", key);
    const [value, left, time] = await Promise.all([ask("GET", key), ask("PTTL", key), ask("TIME")]);
    const now = milliseconds(time);
    const text = typeof value === "string" ? value : null;
    const until = typeof left === "number" && left >= 0 ? now + left : null;
    const [result, commands] = decide({ held: text === null ? undefined : read(text), value: text, until, now });
    if (commands.length === 0) {
      await ask("UNWATCH");
      return result;
    }
    if ((await atomically(ask, ...commands)) !== undefined) return result;
  }
  throw new Error(`${key} changed ${tries} times in a row while it was to be set: somebody else sets it all the time`);
}

/** Ours, or undefined for a value that somebody else has set. */
function read(text: string): Held | undefined {
  try {
    const value = JSON.parse(text) as Partial<Held> | null;
    return Array.isArray(value?.releases) ? { releases: value.releases, before: value.before ?? null } : undefined;
  } catch {
    return undefined;
  }
}
