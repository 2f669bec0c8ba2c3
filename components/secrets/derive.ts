/** Values made from other secrets: the same in, the same out, so that a thousand sites need one seed and no thousand resources. */
import { createHash, createHmac } from "node:crypto";

export interface SiteCredentials {
  /** First password of the site's Administrator. */
  readonly adminPassword: string;
  /** Password of the site's database user. */
  readonly databasePassword: string;
  /** Frappe's encryption_key, a Fernet key: without it stored passwords and API secrets cannot be read. */
  readonly encryptionKey: string;
}

const derive = (seed: string, purpose: string, site: string) =>
  createHmac("sha256", seed).update(`${purpose}\n${site}`).digest();

/** A site's credentials. They depend on the seed and the site's name alone: other sites may come and go. */
export const siteCredentials = (seed: string, site: string): SiteCredentials => ({
  adminPassword: derive(seed, "admin", site).toString("base64url").slice(0, 32),
  databasePassword: derive(seed, "database", site).toString("hex").slice(0, 40),
  // Fernet wants URL-safe base64 with its padding.
  encryptionKey: derive(seed, "encryption", site).toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
});

/** Password of whoever puts back jobs that nobody has (topology/requeue.ts), out of the queue's own. */
export const requeuePassword = (queue: string): string => derive(queue, "requeue", "").toString("hex");

/** Password of whoever reads the ledger of releases, out of the sites' seed: made again by it, it opens what stood before. */
export const ledgerPassword = (seed: string): string => derive(seed, "ledger", "").toString("hex");

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** A Redis URL; host and port are always there, since Frappe's own check needs both. */
export const redisUrl = ({ host, port, tls }: RedisAddress, user: string, password: string): string =>
  `${tls ? "rediss" : "redis"}://${user}:${encodeURIComponent(password)}@${host}:${port}`;

/** Seconds; an idle worker's socket must outlive RQ's blocking pop of some 400 s (frappe_docker#1934). */
const workerSocketTimeout = 500;

export const workerUrl = (url: string): string => `${url}?socket_timeout=${workerSocketTimeout}`;
