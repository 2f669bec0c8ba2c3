/** Which host names a stack answers to, and which wildcard covers one. */
import type { SiteConfig } from "./stack.ts";

/** Domains of every active site, in declared order: a new site is added at the end and moves nothing. */
export const activeHosts = (sites: readonly Pick<SiteConfig, "name" | "domains" | "state">[]): string[] =>
  sites.filter(({ state }) => state === "active").flatMap(({ name, domains }) => [name, ...domains]);

/** The wildcard that stands for `host`: exactly one label in place of the asterisk (RFC 6125 §6.4.3). */
export const coveringWildcard = (host: string, wildcards: readonly string[]): string | undefined =>
  wildcards.find((wildcard) => wildcard.slice(2) === host.slice(host.indexOf(".") + 1));
