/** Secrets: plain where they should not be, inside sections, unknown, missing, without a reader. */
import type { StackName } from "../../support/stacks.ts";
import { secretKeys } from "../../../config/secrets.ts";
import { found, type HostileCase } from "./case.ts";

const secret = (
  name: string,
  secrets: NonNullable<HostileCase["secrets"]>,
  path: string,
  says: string,
  stack: StackName = "external",
): HostileCase => ({ name, stack, set: {}, secrets, path: `frappe:${path}`, says });

/** Secrets that the stack with external servers cannot do without; all but the admin's password prod has no use for. */
const required = Object.keys(secretKeys).filter((key) => /^(database|redis)/.test(key));
const useless = required.filter((key) => key !== "databaseAdminPassword");

export const secrets: readonly HostileCase[] = [
  ...Object.keys(secretKeys).map((key) =>
    found(
      `${key} in plain`,
      { [key]: "hunter2" },
      key,
      "expected a secret, got a plain value",
      key === "sentryDsn" ? "prod" : "external",
    ),
  ),
  found("a secret as an empty text", { sentryDsn: "" }, "sentryDsn", "change it at its source"),
  found(
    "a secret as null",
    { sentryDsn: null },
    "sentryDsn",
    "set it with `pulumi config set --secret frappe:sentryDsn`",
  ),
  found(
    "a secret as an object",
    { sentryDsn: { value: "https://hunter2@sentry.example.com/1" } },
    "sentryDsn",
    "got a plain value",
  ),
  ...required.map((key) => secret(`${key} missing`, { drop: [key] }, key, "missing: expected the")),
  ...useless.map((key) => secret(`${key} without a reader`, { add: [key] }, key, "nothing reads this secret", "prod")),
  ...["sitesSeed", "databaseAdminPassword", "backupPassword"].map((key): HostileCase => ({
    name: `${key} missing where an earlier stack's data is taken over`,
    stack: "staging",
    set: { "lifecycle.adoptExisting": true },
    path: `frappe:${key}`,
    says: "`npm run adopt -- <stack>` brings what the cluster holds",
  })),
  secret(
    "a certificate for an embedded Postgres",
    { add: ["databaseTlsCa"] },
    "databaseTlsCa",
    "remove it",
    "postgres-embedded",
  ),
  ...["database", "bench", "sites", "environment", "edge", "lifecycle"].map((key) =>
    secret(
      `the section ${key} as a secret`,
      { add: [key], drop: [] },
      key,
      "a section is plain, and a secret has a flat key of its own",
    ),
  ),
  secret(
    "an unknown secret",
    { add: ["rootPassword"] },
    "rootPassword",
    "unknown key; a secret is a flat key of its own",
  ),
  secret("a secret spelt wrong", { add: ["sentryDns"] }, "sentryDns", "did you mean frappe:sentryDsn?"),
  secret("a secret in another case", { add: ["SentryDNS"] }, "SentryDNS", "did you mean frappe:sentryDsn?"),
  secret("a secret that objects have by nature", { add: ["constructor"] }, "constructor", "unknown key"),
  secret("a secret called __proto__", { add: ["__proto__"] }, "__proto__", "unknown key"),
  secret("a secret without a name", { add: [""] }, '""', "unknown key"),
  secret("a secret on two lines", { add: ["sentry\nDsn"] }, '"sentry\\nDsn"', "unknown key"),
  ...(
    [
      ["database", "password"],
      ["database", "adminPassword"],
      ["database", "tlsKey"],
      ["edge.tls", "privateKey"],
      ["image", "pullSecret"],
      ["image", "token"],
      ["bench", "sentryDsn"],
      ["redis.cache", "PASSWORD"],
      ["network", "apiKey"],
      ["sites[0]", "adminPassword"],
      ["sites[0].settings", "encryptionSecret"],
      ["platform", "credentials"],
    ] as const
  ).map(([section, key]) =>
    found(
      `${key} inside ${section}`,
      { [`${section}.${key}`]: "hunter2" },
      `${section}.${key}`,
      key === "tlsKey" ? "unknown key" : "a secret is a flat key of its own",
      "external",
    ),
  ),
];
