/** Whole numbers: what is none, and what is out of bounds. */
import { field, type HostileCase } from "./case.ts";

/** What stands where a whole number should, and is none. */
const noWholeNumber = {
  NaN: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  "minus infinity": Number.NEGATIVE_INFINITY,
  "a fraction": 1.5,
  "a negative fraction": -0.1,
  "a number too large to be exact": 2 ** 53,
  "1e21": 1e21,
  "a number in quotes": "3",
  "a hexadecimal text": "0x10",
  "a number with a unit": "30s",
  "a word": "three",
  "an empty text": "",
  true: true,
  null: null,
  "a list": [3],
  "an object": { value: 3 },
};

export const bounded = (at: string, min: number, max: number): HostileCase[] =>
  field(at, `expected a whole number from ${min} to ${max}`, {
    "just too small": min - 1,
    "just too large": max + 1,
    negative: -5,
    "half a one": min + 0.5,
    "in quotes": String(min),
  });

export const numbers: readonly HostileCase[] = [
  ...field("bench.web.replicas", "expected a whole number from 1 to 50", noWholeNumber),
  ...field("database.maxConnections", "expected a whole number from 20 to 10000", noWholeNumber),
  ...field("edge.hsts.maxAge", "expected a whole number from 0 to 63072000", noWholeNumber),
  ...bounded("bench.web.replicas", 1, 50),
  ...bounded("bench.web.workers", 1, 64),
  ...bounded("bench.web.threads", 1, 64),
  ...bounded("bench.web.timeout", 10, 3600),
  ...bounded("bench.web.maxRequests", 0, 1_000_000),
  ...bounded("bench.socketio.replicas", 1, 5),
  ...bounded("bench.scheduler.tickInterval", 10, 3600),
  ...bounded("bench.nginx.replicas", 1, 50),
  ...bounded("bench.queues.integrations.timeout", 1, 86_400),
  ...bounded("bench.workers.short.replicas", 1, 50),
  ...bounded("database.maxConnections", 20, 10_000),
  ...bounded("database.slowQuerySeconds", 1, 3600),
  ...bounded("database.binlogDays", 1, 90),
  ...bounded("edge.tls.hostsPerCertificate", 1, 100),
  ...bounded("network.egress.mail.ports[0]", 1, 65_535),
  ...bounded("release.attempt", 1, 999),
  ...bounded("release.timeouts.drain", 10, 86_400),
  ...bounded("release.timeouts.migrate", 30, 86_400),
  ...bounded("release.timeouts.createSite", 30, 86_400),
  ...bounded("release.timeouts.verify", 10, 7200),
  ...bounded("release.timeouts.hold", 60, 86_400),
  ...bounded("release.timeouts.back", 30, 604_800),
  ...bounded("release.timeouts.step", 60, 604_800),
  ...field("database.members", "expected 1, 3 or 5", {
    "an even number": 2,
    "an even number of four": 4,
    none: 0,
    "too many": 7,
    negative: -3,
    "in quotes": "3",
    NaN: Number.NaN,
  }),
  ...field("bench.scheduler.replicas", "expected 1: two schedulers would both tick", {
    two: 2,
    none: 0,
    many: 50,
    negative: -1,
    "in quotes": "1",
    NaN: Number.NaN,
    true: true,
    null: null,
  }),
];
