/** The wrong kind of thing: a list for an object, a text for a list, too much, too deep, nothing. */
import { field, found, gone, type HostileCase } from "./case.ts";

const noObject = { "a text": "x", "a list": [], "a number": 1, true: true, null: null, NaN: Number.NaN };
const noList = { "a text": "x", "an object": {}, "a number": 1, false: false, null: null };

const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = i % 2 === 0 ? { a: value } : [value];
  return value;
};

export const shapes: readonly HostileCase[] = [
  ...["platform", "image", "release", "bench", "sitesVolume", "edge", "network", "lifecycle"].flatMap((at) =>
    field(at, "expected an object", noObject),
  ),
  ...[
    "bench.web",
    "bench.workers",
    "bench.queues",
    "bench.web.resources",
    "edge.tls",
    "edge.hsts",
    "network.egress",
    "database.storage",
  ].flatMap((at) => field(at, "expected an object", { "a text": "x", "a list": [1], null: null })),
  ...[
    "sites",
    "sites[0].domains",
    "sites[0].apps",
    "bench.workers.short.queues",
    "edge.trustedProxies",
    "edge.tls.wildcards",
  ].flatMap((at) => field(at, "expected a list", noList)),
  ...field("sites[0]", "expected an object", {
    "a name alone": "erp.example.com",
    "a list": ["erp.example.com"],
    null: null,
  }),
  ...field("database", "expected a database: mode", noObject),
  ...field("redis", "expected mode embedded or external", noObject),
  ...field("database.mode", "expected a database: mode", {
    unknown: "managed",
    "a capital": "Embedded",
    null: null,
    "left out": gone,
  }),
  ...field("database.engine", "expected engine mariadb or postgres", {
    unknown: "mysql",
    "a capital": "MariaDB",
    null: null,
    "left out": gone,
  }),
  ...field("redis.mode", "expected mode embedded or external", { unknown: "sentinel", "left out": gone }),
  ...field("database.topology", "expected galera or replication", { unknown: "raft", null: null }),
  ...["environment", "platform", "image", "bench", "database", "sitesVolume", "edge", "lifecycle"].map((at) =>
    found(`${at} left out`, { [at]: gone }, at, "missing: expected"),
  ),
  found(
    "a host as a list of letters",
    { "sites[0].name": [..."erp.example.com"] },
    "sites[0].name",
    "expected a host name",
  ),
  found("a Date", { bench: new Date(0) }, "bench.id", "missing"),
  found("a regular expression", { "sites[0].name": /x/ }, "sites[0].name", "expected a host name"),
  found("a sparse list", { "sites[0].domains": new Array(3) }, "sites[0].domains[0]", "missing: expected a host name"),
  found("a big integer", { "bench.web.replicas": 3n }, "bench.web.replicas", "expected a whole number"),
  found("nested a thousand deep", { "bench.web": deep(1000) }, "bench.web[0].a[0]", "nested at most"),
  found("nested a hundred thousand deep", { "sites[0].name": deep(100_000) }, "sites[0].name[0].a", "nested at most"),
  found(
    "a list of 300,000 apps",
    { "sites[0].apps": Array(300_000).fill(1) },
    "sites[0].apps",
    "expected at most 2000 entries in one list",
  ),
  found(
    "300,000 queues in one set",
    { "bench.workers.short.queues": Array(300_000).fill("A") },
    "bench.workers.short.queues",
    "expected at most",
  ),
  found(
    "300,000 worker sets",
    { "bench.workers": Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`W${i}`, 1])) },
    "bench.workers",
    "expected at most",
  ),
  found(
    "300,000 unknown keys",
    { bench: Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [`k${i}`, 1])) },
    "bench",
    "expected at most",
  ),
  found(
    "just below the bound, and all of it wrong",
    {
      "bench.workers": Object.fromEntries(
        Array.from({ length: 48 }, (_, i) => [`w${i}`, { queues: Array(2000).fill("A") }]),
      ),
    },
    "bench.workers.w47.queues",
    "expected at most 50 queues",
  ),
  found("a name inside four lists", { "sites[0].name": [[[["erp.example.com"]]]] }, "sites[0].name", "got a list"),
];
