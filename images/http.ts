/** One bounded request after another: what a registry may cost us in time, bytes and hops is decided here, not by the registry. */
import { setTimeout as pause } from "node:timers/promises";
import { isLoopback } from "./reference.ts";

export interface Limits {
  /** For one request, its body included. */
  readonly timeoutMs: number;
  /** Requests for one answer, the first included. */
  readonly attempts: number;
  /** Before the second attempt; doubled before each further one. */
  readonly pauseMs: number;
  /** A `Retry-After` above it is reported rather than waited for. */
  readonly longestWaitMs: number;
  readonly bodyBytes: number;
  readonly redirects: number;
}

/** 4 MiB is what the distribution specification asks registries to accept as a manifest. */
export const defaults: Limits = {
  timeoutMs: 15_000,
  attempts: 3,
  pauseMs: 500,
  longestWaitMs: 20_000,
  bodyBytes: 4 * 1024 * 1024,
  redirects: 3,
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Something we could not find out, and what its reader can do about it. */
export class Unresolved extends Error {
  readonly remedy: string;
  constructor(reason: string, remedy: string) {
    super(reason);
    this.remedy = remedy;
  }
}

/** Asks until there is an answer worth reading; 429 and 5xx are tried again, and the last one is returned as it came. */
export async function get(url: URL, headers: Record<string, string>, limits: Limits): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= limits.attempts;
    const backoff = limits.pauseMs * 2 ** (attempt - 1);
    try {
      const answer = await follow(url, headers, limits);
      if (last || (answer.status !== 429 && answer.status < 500)) return answer;
      const wait = retryAfterMs(answer) ?? backoff;
      if (wait > limits.longestWaitMs) return answer;
      await pause(wait);
    } catch (error) {
      if (error instanceof Unresolved || last) throw unreachable(url, error, limits);
      await pause(backoff);
    }
  }
}

/** Follows redirects by hand: fetch's own would take a token to another host, and https down to http. */
async function follow(start: URL, headers: Record<string, string>, limits: Limits): Promise<Answer> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  let url = start;
  for (let hop = 0; hop <= limits.redirects; hop++) {
    const sent = url.origin === start.origin ? headers : withoutCredentials(headers);
    const response = await fetch(url, { headers: sent, redirect: "manual", signal });
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      return { status: response.status, headers: response.headers, body: await bounded(response, url, limits) };
    }
    await response.body?.cancel();
    url = nextHop(url, location);
  }
  throw new Unresolved(
    `${start.host} redirects more than ${limits.redirects} times`,
    "report it to the registry's keeper",
  );
}

function nextHop(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const safe =
    to?.protocol === "https:" || (to?.protocol === "http:" && from.protocol === "http:" && isLoopback(to.hostname));
  if (to === undefined || !safe) {
    throw new Unresolved(
      `${from.host} redirects to an address that is not https`,
      "report it to the registry's keeper",
    );
  }
  return to;
}

async function bounded(response: Response, url: URL, limits: Limits): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > limits.bodyBytes) {
      throw new Unresolved(
        `${url.host} sent more than ${limits.bodyBytes} bytes`,
        "a manifest is never that large: do not trust it",
      );
    }
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

const withoutCredentials = ({ authorization: _, ...rest }: Record<string, string>): Record<string, string> => rest;

/** In milliseconds, from either form of the header; undefined where there is none we can read. */
export function retryAfterMs({ headers }: Answer, now = Date.now()): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

function unreachable(url: URL, error: unknown, limits: Limits): Unresolved {
  if (error instanceof Unresolved) return error;
  const remedy = `allow this machine to reach ${url.host}, or run the command where it can`;
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === "TimeoutError") {
    return new Unresolved(`no answer from ${url.host} within ${limits.timeoutMs / 1000} s`, remedy);
  }
  return new Unresolved(`no connection to ${url.host} (${cause?.code ?? "cut off"})`, remedy);
}
