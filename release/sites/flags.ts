/**
 * The switches in a site's own configuration: what stood is remembered, key by key, and put back exactly. Always the site's own, since one
 * of them beats the bench's, also where it says 0 (frappe-live §2); and believed only when the web answers so.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { info } from "../../backup/log.ts";
import { changeSiteConfig, readSiteConfig } from "../../backup/sites.ts";
import type { ReleaseJob } from "../job.ts";
import { type Answer, get } from "./http.ts";

const names = ["maintenance_mode", "pause_scheduler", "allow_reads_during_maintenance"] as const;
export type FlagName = (typeof names)[number];

/** The keys that a site's own file has, with their values as they are: 0, false and null are something, absent is nothing. */
export type Flags = Readonly<Partial<Record<FlagName, unknown>>>;

/** What stands now. Keep it before anything is set: in the ledger, where a kill does not reach it. */
export function readFlags({ backup }: ReleaseJob, site: string): Flags {
  const config = readSiteConfig(backup, site);
  return Object.fromEntries(names.filter((name) => name in config).map((name) => [name, config[name]]));
}

/** Whether the site's own file closes it. */
export const isClosed = (job: ReleaseJob, site: string): boolean =>
  Number(readFlags(job, site).maintenance_mode ?? 0) === 1;

/** Sets some of them, in one step; the others stay. Answers whether anything changed. */
export function setFlags(job: ReleaseJob, site: string, flags: Flags): boolean {
  const standing = readFlags(job, site);
  const same = Object.entries(flags).every(([name, value]) => name in standing && standing[name as FlagName] === value);
  if (same) return false;
  changeSiteConfig(job.backup, site, flags);
  info("flags set", { site, ...flags });
  return true;
}

/** Puts all of them back to what `readFlags` said: a key that was not there goes. */
export function restoreFlags(job: ReleaseJob, site: string, stood: Flags): void {
  const standing = readFlags(job, site);
  const whole = (flags: Flags) => JSON.stringify(names.map((name) => (name in flags ? [flags[name]] : [])));
  if (whole(standing) === whole(stood)) return;
  changeSiteConfig(job.backup, site, Object.fromEntries(names.map((name) => [name, stood[name]])));
  info("flags restored", { site, ...stood });
}

/** Frappe 16 reads a site's configuration once a minute in each process of the web; half a minute is for its answers. */
const observedWithin = 90;
/** Each answer may be another process's: so many in a row leave none of them out, but by rare chance. */
const inARow = 20;
const pauseMs = 500;

interface Asked {
  /** Base URL: `http://host:port`. */
  readonly endpoint: string;
  readonly site: string;
  /** @default 90 */
  readonly seconds?: number;
}

/** An answer that no gunicorn gives: the port is shut, or the nginx before it finds nobody behind it. */
const isNobody = (answer: Answer): boolean => (answer.status === undefined ? answer.refused : answer.status === 502);

/**
 * Waits until the web is closed for the site: 503 to a ping, many times in a row. Any other answer of a web that lives keeps it open; but
 * where there was none for as long as is waited, nobody serves, so nobody writes.
 * @returns what was seen. @throws when it is open, or cannot be told, in time
 */
export async function untilClosed(context: Context, asked: Asked): Promise<"closed" | "unserved"> {
  const { problem, unserved } = await observe(context, asked, "closed", 503);
  if (problem === undefined) return "closed";
  if (!unserved) throw new Error(problem);
  return "unserved";
}

/** Waits until the web answers for the site again. @throws when it does not, in time */
export async function untilOpen(context: Context, asked: Asked): Promise<void> {
  const { problem } = await observe(context, asked, "open", 200);
  if (problem !== undefined) throw new Error(problem);
}

interface Observed {
  /** Undefined: the web has answered so often as it was to. */
  readonly problem?: string;
  /** Nobody gave another answer than that. */
  readonly unserved: boolean;
}

async function observe(
  { signal }: Context,
  { endpoint, site, seconds = observedWithin }: Asked,
  what: string,
  wanted: number,
): Promise<Observed> {
  const started = performance.now();
  let agreeing = 0;
  let unserved = true;
  let last = "nothing was answered";
  while (agreeing < inARow) {
    signal.throwIfAborted();
    if (performance.now() - started > seconds * 1_000) {
      return { problem: `${site} is not ${what} at ${endpoint} after ${seconds} s: ${last}`, unserved };
    }
    const answer = await get(endpoint, site, "/api/method/ping", { signal });
    const right = answer.status === wanted;
    agreeing = right ? agreeing + 1 : 0;
    unserved &&= right || isNobody(answer);
    last = answer.status === undefined ? answer.problem : `it answers ${answer.status}`;
    if (!right) await sleep(pauseMs, undefined, { signal });
  }
  info(`site observed ${what}`, { site, endpoint });
  return { unserved: false };
}
