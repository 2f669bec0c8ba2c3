/**
 * The words that stack files are written in: names and whole numbers here, quantities, addresses and schedules beside. Each
 * refuses what Kubernetes, MariaDB, Postgres or DNS would refuse later, and says what it expected. No value is ever repaired
 * silently: two spellings of one thing would become two things.
 */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";

/** A string that must match one pattern; `expected` completes the sentence "expected …". */
export const pattern = (regex: RegExp, expected: string, max: number = limits.dnsName) =>
  z
    .string({ error: `expected ${expected}` })
    .max(max, { error: `expected ${expected}, at most ${max} characters`, abort: true })
    .regex(regex, { error: `expected ${expected}`, abort: true });

export const wholeNumber = (min: number, max: number, unit = "") =>
  z
    .int({ error: `expected a whole number from ${min} to ${max}${unit}` })
    .min(min, { error: `expected a whole number from ${min} to ${max}${unit}` })
    .max(max, { error: `expected a whole number from ${min} to ${max}${unit}` });

/** One DNS label (RFC 1123), which is also what most Kubernetes names are. */
export const dnsLabel = pattern(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  `a name of lower-case letters, digits and inner dashes`,
  limits.dnsLabel,
);

const word = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const subdomain = `${word}(?:\\.${word})*`;
/** What names a class, an issuer or a zone: labels with dots between them (RFC 1123 subdomain). */
export const dnsSubdomain = pattern(
  new RegExp(`^${subdomain}$`),
  "a name of lower-case letters, digits, inner dashes and inner dots",
);

const labelWord = "[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?";
/** Key of a Kubernetes label: a word of at most 63 characters, behind a domain and a slash where it has an owner. */
export const labelKey = pattern(
  new RegExp(`^(?:${subdomain}/)?${labelWord}$`),
  "a label's key such as app.kubernetes.io/name",
  317,
);
export const labelValue = pattern(new RegExp(`^(?:${labelWord})?$`), "a label's value such as traefik", 63);

/** Kubernetes names of Services and what becomes one start with a letter (RFC 1035). */
export const serviceName = pattern(
  /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
  `a name of lower-case letters, digits and inner dashes that starts with a letter`,
  40,
);

const registryPort = "(?::(?:[1-9]\\d{1,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5]))?";
/** Repository of an image, fully qualified: what a bare name means depends on the node's configuration. */
export const imageRepository = pattern(
  new RegExp(`^${word}(?:\\.${word})+${registryPort}(?:/[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*)+$`),
  "a repository with its registry, such as docker.io/frappe/erpnext",
);
/** It is a label's value on every pod, so it is what a label takes. */
export const imageTag = pattern(
  new RegExp(`^(?!(?:latest|LATEST|Latest)$)${labelWord}$`),
  "a tag that names a version, not latest, and ends in a letter or digit",
  limits.dnsLabel,
);
export const imageDigest = pattern(/^sha256:[0-9a-f]{64}$/, "a digest: sha256: and 64 hexadecimal digits", 71);

/** An app as bench names it: a Python package. */
export const appName = pattern(/^[a-z][a-z0-9_]*$/, "an app's name: lower-case letters, digits, underscores", 60);
export const appVersion = pattern(/^[0-9A-Za-z][0-9A-Za-z.+_-]*$/, "a version such as 15.51.1 or a git revision", 64);
export const queueName = pattern(/^[a-z][a-z0-9-]*$/, "a queue's name: lower-case letters, digits, dashes", 30);

/** Schemas, users and roles that the servers, their images and their operators have or forbid: a site's schema is its user too. */
const reservedSchemas = new Set(
  [
    "admin administrator root public none default user current_user current_role session_user system_user",
    "mysql mariadb sys test information_schema performance_schema innodb healthcheck",
    "replication repl slave master galera maxscale mariadb_operator",
    "postgres template0 template1 platform app streaming_replica replicator monitor",
  ].flatMap((line) => line.split(" ")),
);
const isReserved = (name: string) => reservedSchemas.has(name) || /^(pg|cnpg|mysql|mariadb)_/.test(name);

/** Name of a site's schema, and of its database user. */
export const schemaName = pattern(
  /^[a-z_][a-z0-9_]*$/,
  "a schema name of lower-case letters, digits, underscores",
  limits.schemaName,
).refine((name) => !isReserved(name), { error: "expected a name that the server does not use itself" });

/** Namespaces of the cluster's own; a stack's is made by it, and goes with it. */
const clusterNamespace = /^(default|kube-.*|openshift(-.*)?)$/;
export const ownNamespace = dnsLabel.refine((name) => !clusterNamespace.test(name), {
  error: "expected a namespace of the stack's own, not one of the cluster's",
});
