/**
 * Every name, logical (identity in Pulumi's state) and physical (what others call it by). Logical names never change without an
 * entry in components/shared/renames.ts; physical names are fixed only for what is called by name.
 */
import { createHash } from "node:crypto";
import { limits } from "../constants/limits.ts";

export { names } from "../constants/names.ts";

/** Service of one role in one release: nginx of a release calls its own web and socketio, never another's. */
export const releaseServiceName = (role: string, releaseId: string): string => checked(`${role}-${releaseId}`);

/** Secret and Certificate of the n-th group of domains, or of a wildcard. */
export const certificateName = (first: string): string => checked(`tls-${hostPart(first)}`);

/** Listener of a domain; listeners are named like Services (RFC 1123 label). */
export const listenerName = (host: string): string => checked(`https-${hostPart(host)}`);

/** Stands in no spelled host: a dot is one dash and a dash is two, so an odd run of them is always one. */
const apart = "---";

/** A host as part of a label: `a.b` and `a-b` stay two, and so do a wildcard and a site that is called so. */
const hostPart = (host: string): string =>
  (host.startsWith("*.") ? `wildcard${apart}` : "") + host.replace("*.", "").replaceAll("-", "--").replaceAll(".", "-");

/** Shortens what is too long for a label without letting two names become one. */
function checked(name: string): string {
  if (name.length <= limits.dnsLabel) {
    return name;
  }
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return `${name.slice(0, limits.dnsLabel - apart.length - hash.length).replace(/-+$/, "")}${apart}${hash}`;
}
