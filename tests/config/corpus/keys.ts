/** Keys that nobody knows, at each level, and those that JavaScript knows too well. */
import { found, type HostileCase } from "./case.ts";

/** Where an unknown key stands, and what is near it. */
const misspelt = [
  ["platfrom", "frappe:platform"],
  ["site", "frappe:sites"],
  ["databse", "frappe:database"],
  ["SitesVolume", "frappe:sitesVolume"],
  ["lifecyle", "frappe:lifecycle"],
  ["platform.namespce", "namespace"],
  ["platform.clusteridentifer", "clusterIdentifier"],
  ["image.digst", "digest"],
  ["release.atempt", "attempt"],
  ["release.timeouts.createsite", "createSite"],
  ["release.resources.memroy", "memory"],
  ["release.gates.frezee", "freeze"],
  ["release.gates.freeze.timezone", "timeZone"],
  ["release.excepton", "exception"],
  ["release.canary.maxErorShare", "maxErrorShare"],
  ["release.canary.stage", "stages"],
  ["bench.schedular", "scheduler"],
  ["bench.timezone", "timeZone"],
  ["bench.web.replica", "replicas"],
  ["bench.web.max_requests", "maxRequests"],
  ["bench.web.resources.memroy", "memory"],
  ["bench.nginx.bodylimit", "bodyLimit"],
  ["bench.queues.integrations.timout", "timeout"],
  ["bench.workers.short.replcas", "replicas"],
  ["sites[0].domain", "domains"],
  ["sites[0].setings", "settings"],
  ["sites[0].settings.sessionExpiri", "sessionExpiry"],
  ["database.storge", "storage"],
  ["database.storage.storageclass", "storageClass"],
  ["database.snapshots.classname", "className"],
  ["redis.cach", "cache"],
  ["redis.queue.storage.sise", "size"],
  ["sitesVolume.accesMode", "accessMode"],
  ["edge.controler", "controller"],
  ["edge.tls.wildcard", "wildcards"],
  ["edge.hsts.includeSubDomains", "includeSubdomains"],
  ["network.egres", "egress"],
  ["network.egress.mail.port", "ports"],
  ["lifecycle.protectdata", "protectData"],
] as const;

/** Where keys are known, and one of them: the message names those that are. */
const strangers = [
  ["platform", "namespace"],
  ["image", "digest"],
  ["release", "strategy"],
  ["release.timeouts", "drain"],
  ["bench", "workers"],
  ["bench.web", "threads"],
  ["bench.web.resources", "memory"],
  ["bench.socketio", "replicas"],
  ["bench.scheduler", "tickInterval"],
  ["sites[1]", "domains"],
  ["sites[1].settings", "sessionExpiry"],
  ["database", "storage"],
  ["database.snapshots", "schedule"],
  ["redis", "queue"],
  ["redis.cache", "resources"],
  ["sitesVolume", "size"],
  ["edge", "trustedProxies"],
  ["edge.tls.issuer", "name"],
  ["edge.controller", "podLabels"],
  ["network.dns", "namespace"],
  ["network.apiServer", "addresses"],
  ["lifecycle", "retainData"],
] as const;

/** Containers with fixed keys, and those that take names of the user's. */
const containers = [
  "bench",
  "bench.web",
  "bench.queues",
  "bench.workers",
  "image.apps",
  "network.egress",
  "sites[0]",
  "edge.controller.podLabels",
];

/** A setting of another engine or mode than the one that is chosen. */
const foreign = [
  ["database.sharedBuffers", "1GB", "prod"],
  ["database.acceptExperimental", true, "prod"],
  ["database.host", "db.example.com", "prod"],
  ["database.bufferPool", "1G", "postgres"],
  ["database.topology", "galera", "postgres"],
  ["database.binlogDays", 7, "postgres"],
  ["database.members", 3, "dev"],
  ["database.snapshots", { schedule: "0 2 * * *", className: "x" }, "dev"],
  ["database.storage", { size: "10Gi" }, "external"],
  ["database.maxConnections", 200, "external"],
  ["redis.queue.storage", { size: "2Gi" }, "external"],
  ["redis.cache.host", "cache.example.com", "prod"],
] as const;

export const keys: readonly HostileCase[] = [
  ...misspelt.map(([at, meant]) => found(`${at}, meaning ${meant}`, { [at]: 1 }, at, `did you mean ${meant}?`)),
  ...strangers.map(([at, known]) =>
    found(`a strange key in ${at}`, { [`${at}.unheardOfThing`]: 1 }, `${at}.unheardOfThing`, known),
  ),
  ...foreign.map(([at, value, stack]) =>
    found(`${at}, which ${stack} has no use for`, { [at]: value }, at, "unknown key", stack),
  ),
  ...containers.map((at) =>
    found(`__proto__ in ${at}`, { [`${at}.__proto__`]: { polluted: true } }, `${at}.__proto__`, "unknown key"),
  ),
  ...["constructor", "toString", "hasOwnProperty", "valueOf", "prototype", "__defineGetter__", "then"].flatMap(
    (key) => [
      found(`${key} as a section`, { [key]: {} }, key, "unknown key"),
      found(`${key} in bench.web`, { [`bench.web.${key}`]: 1 }, `bench.web.${key}`, "unknown key"),
    ],
  ),
  found("__proto__ as a section", { ["__proto__"]: { bench: {} } }, "__proto__", "unknown key"),
  found(
    "constructor as a queue without a worker",
    { "bench.queues.constructor": { timeout: 60 } },
    "bench.workers",
    "from the queue constructor",
  ),
  found(
    "constructor as a worker set of nothing",
    { "bench.workers.constructor": {} },
    "bench.workers.constructor.queues",
    "missing",
  ),
  found("a section with a space", { "bench ": {} }, '"bench "', "unknown key"),
  found("a section on two lines", { "be\nnch": {} }, '"be\\nnch"', "unknown key"),
  found("a section in right-to-left", { "\u202ehcneb": {} }, '"\\u{202e}hcneb"', "unknown key"),
  found("a section that clears the terminal", { '["\\u001b[2J"]': {} }, '"\\u001b[2J"', "unknown key"),
  found("a key without a name", { 'bench[""]': 1 }, 'bench[""]', "unknown key"),
  found(
    "a key of a million characters",
    { [`bench.${"k".repeat(1_000_000)}`]: 1 },
    `bench["${"k".repeat(56)}…"]`,
    "unknown key",
  ),
  found("a section of a million characters", { ["k".repeat(1_000_000)]: 1 }, `"${"k".repeat(56)}…"`, "unknown key"),
  found("a position for a name", { "bench.workers[0]": {} }, 'bench.workers["0"].queues', "missing"),
];
