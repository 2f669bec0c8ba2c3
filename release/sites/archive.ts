/** A site whose declared state is `archived`: out of routing, its jobs at rest, everything else as it was. Nothing is dropped. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { info } from "../../backup/log.ts";
import { siteFolder, writeAtomically } from "../../backup/sites.ts";
import type { ReleaseJob } from "../job.ts";
import { type Flags, readFlags, restoreFlags, setFlags } from "./flags.ts";

/** What stood before is kept beside the site's configuration, for the day on which it comes back. */
const recordOf = ({ backup }: ReleaseJob, site: string) => path.join(siteFolder(backup, site), "archived.json");

const isThere = ({ backup }: ReleaseJob, site: string) =>
  existsSync(path.join(siteFolder(backup, site), "site_config.json"));

/** Whether a site was archived, and not revived since. */
export const isArchived = (job: ReleaseJob, site: string): boolean => existsSync(recordOf(job, site));

/** Whether a site is there, and not archived. */
export const canBeArchived = (job: ReleaseJob, site: string): boolean => isThere(job, site) && !isArchived(job, site);

/** Closes an archived site's own doors; routing is the edge's. Answers whether anything changed; a site that is gone stays gone. */
export function archiveSite(job: ReleaseJob, site: string): boolean {
  if (!isThere(job, site)) return false;
  const begun = isArchived(job, site);
  // The record first: a kill between the two leaves a site that the next try closes, and never one whose flags are forgotten.
  if (!begun) writeAtomically(recordOf(job, site), JSON.stringify(readFlags(job, site)));
  const closed = setFlags(job, site, { maintenance_mode: 1, pause_scheduler: 1 });
  if (closed || !begun) info("site archived", { site });
  return closed || !begun;
}

/** Opens a site again that was archived and is declared active. Answers whether anything changed. */
export function reviveSite(job: ReleaseJob, site: string): boolean {
  if (!isThere(job, site) || !isArchived(job, site)) return false;
  restoreFlags(job, site, JSON.parse(readFileSync(recordOf(job, site), "utf8")) as Flags);
  rmSync(recordOf(job, site));
  info("site revived", { site });
  return true;
}
