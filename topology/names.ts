/**
 * Every name, logical (identity in Pulumi's state) and physical (what others call it by). Logical names never change without an
 * entry in components/shared/renames.ts; physical names are fixed only for what is called by name.
 */
import { limits } from "../constants/limits.ts";

/** Names of the stack's fixed objects. They live in a namespace of their own, so they need no prefix. */
export const names = {
  sitesVolume: "sites",
  nginx: "nginx",
  mariadb: "mariadb",
  postgres: "postgres",
  redisCache: "redis-cache",
  redisQueue: "redis-queue",
  gateway: "frappe",
  ingress: "frappe",
} as const;

/** Service of one role in one release: nginx of a release calls its own web and socketio, never another's. */
export const releaseServiceName = (role: string, releaseId: string): string => checked(`${role}-${releaseId}`);

/** Secret and Certificate of the n-th group of domains, or of a wildcard. */
export const certificateName = (first: string): string =>
  checked(`tls-${first.replace("*.", "wildcard.").replaceAll(".", "-")}`);

/** Listener of a domain; listeners are named like Services (RFC 1123 label). */
export const listenerName = (host: string): string =>
  checked(`https-${host.replace("*.", "wildcard.").replaceAll(".", "-")}`);

/** Shortens what is too long for a label without letting two names become one. */
function checked(name: string): string {
  if (name.length <= limits.dnsLabel) {
    return name;
  }
  const hash = fnv1a(name).toString(16).padStart(8, "0");
  return `${name.slice(0, limits.dnsLabel - 9).replace(/-+$/, "")}-${hash}`;
}

/** FNV-1a, 32 bits: names only need to differ, not to resist anybody. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}

/** In-cluster address of a Service. */
export const serviceAddress = (service: string, namespace: string, clusterDomain: string): string =>
  `${service}.${namespace}.svc.${clusterDomain}`;
