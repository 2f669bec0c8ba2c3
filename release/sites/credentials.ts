/** The declared sites' credentials, from the file that the platform mounts. */
import { readFileSync } from "node:fs";
import { conceal } from "../../backup/log.ts";
import type { ReleaseJob } from "../job.ts";
import { dialects } from "../ledger/dialect.ts";

export interface SiteCredentials {
  /** First password of the site's Administrator. */
  readonly adminPassword: string;
  readonly databasePassword: string;
  /** Frappe's encryption_key, a Fernet key. */
  readonly encryptionKey: string;
}

const keys = ["adminPassword", "databasePassword", "encryptionKey"] as const;

/** What Fernet takes: 32 bytes in URL-safe base64, padded (cryptography/fernet.py). */
const fernet = /^[\w-]{43}=$/;

/** The parser's own words would quote the file: none are better. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A site's credentials; concealed from then on. @throws when there are none, or they cannot be used */
export function credentialsOf({ sitesFile }: ReleaseJob, site: string): SiteCredentials {
  const own = Object.entries(parsed(readFileSync(sitesFile, "utf8")) ?? {}).find(([name]) => name === site)?.[1] as
    Partial<SiteCredentials> | undefined;
  const missing = keys.filter((key) => typeof own?.[key] !== "string" || own[key] === "");
  if (own === undefined || missing.length > 0) {
    throw new Error(
      `${sitesFile} has no ${missing.join(", ")} of ${site}: the stack's secret of sites is older than it`,
    );
  }
  const known = own as SiteCredentials;
  for (const key of keys) concealAll(known[key]);
  for (const key of keys) {
    if (/[\0\r\n]/.test(known[key])) throw new Error(`${key} of ${site} has a line end in it`);
  }
  // Frappe 15's driver sends it as Latin-1 (PyMySQL), the server has it as UTF-8.
  if (/[^\x20-\x7e]/.test(known.databasePassword)) {
    throw new Error(`databasePassword of ${site} has other than ASCII letters in it, which Frappe cannot log in with`);
  }
  if (!fernet.test(known.encryptionKey)) {
    throw new Error(`encryptionKey of ${site} is no Fernet key: 32 bytes in URL-safe base64`);
  }
  return known;
}

/** Conceals a secret in each way in which a program may quote it: JSON, a statement, an address. */
export function concealAll(secret: string): void {
  const json = JSON.stringify(secret).slice(1, -1);
  const statements = Object.values(dialects).map(({ text }) => text(secret).slice(1, -1));
  for (const form of [secret, json, ...statements, encodeURIComponent(secret)]) {
    conceal(form);
    conceal(JSON.stringify(form).slice(1, -1));
  }
}
