/** A line of nginx' log of requests, as syslog brings it (topology/nginx/request-log.ts has the format). */
import type { RequestStatus } from "../constants/request-metrics.ts";

export interface AnsweredRequest {
  readonly site: string;
  readonly status: RequestStatus;
  /** Seconds that web took; undefined when it was never reached. */
  readonly seconds: number | undefined;
}

/** Priority, time, tag; then status, site, and the time of each server that was asked. A line is never longer than this. */
const pattern =
  /^<\d{1,3}>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d nginx: ([2-5]\d\d) ([a-z0-9.-]{1,253}) ([\d.,: -]{1,200})$/;
const longest = 512;

/** Several, where the first did not answer and another was asked, are one wait of the client's. */
function secondsOf(times: string): number | undefined {
  const known = times.split(/[ ,:]+/).filter((time) => /^\d+\.\d+$/.test(time));
  return known.length === 0 ? undefined : known.reduce((sum, time) => sum + Number(time), 0);
}

const statusOf = (code: string): RequestStatus =>
  code === "503" ? code : (`${code.slice(0, 1)}xx` as Exclude<RequestStatus, "503">);

/** Undefined where it is no such line. */
export function parseLine(datagram: Buffer): AnsweredRequest | undefined {
  if (datagram.length > longest) return undefined;
  const [, code, site, times] = pattern.exec(datagram.toString("latin1")) ?? [];
  if (code === undefined || site === undefined || times === undefined) return undefined;
  return { site, status: statusOf(code), seconds: secondsOf(times) };
}
