/** A site's own address, for links in what it sends: Frappe's `host_name`. */
import { info } from "../../backup/log.ts";
import { changeSiteConfig, readSiteConfig } from "../../backup/sites.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";

/** The first of its domains; without one, its name. The edge speaks TLS alone. */
export const addressOf = ({ name, domains: [first = name] }: Pick<ReleaseSiteSpec, "name" | "domains">): string =>
  `https://${first}`;

const hostOf = (address: unknown): string | undefined => {
  const text = typeof address === "string" && !/^\w+:\/\//.test(address) ? `https://${address}` : address;
  return typeof text === "string" && URL.canParse(text) ? new URL(text).hostname : undefined;
};

/** Sets it where it leads to no host of the site any more, or to none; one of several is somebody's choice. Answers whether it did. */
export function keepAddress({ backup }: Pick<ReleaseJob, "backup">, site: ReleaseSiteSpec): boolean {
  const { name, domains } = site;
  const { host_name: stands } = readSiteConfig(backup, name);
  if ([name, ...domains].includes(hostOf(stands) ?? "")) return false;
  changeSiteConfig(backup, name, { host_name: addressOf(site) });
  info("address set", { site: name, host_name: addressOf(site) });
  return true;
}
