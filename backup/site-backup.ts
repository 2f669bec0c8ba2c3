/** One site into the repository, and back out of it as far as the dump goes. */
import { existsSync, lstatSync, rmSync } from "node:fs";
import path from "node:path";
import type { Context } from "./context.ts";
import { takeDump } from "./dump.ts";
import { info } from "./log.ts";
import { loginOf } from "./login.ts";
import { type Manifest, manifestOf, rowsOf, short } from "./manifest.ts";
import { digestInSnapshot, type Kind, type Snapshot, takeSnapshot } from "./repository.ts";
import { readRecord } from "./restore/record.ts";
import { fileFolders, siteFolder } from "./sites.ts";

export interface SiteBackup {
  readonly snapshot: Snapshot;
  readonly manifest: Manifest;
}

/** Newest snapshot that a restore would take by itself. */
export const lastVerified = (snapshots: readonly Snapshot[], site: string): Snapshot | undefined =>
  snapshots.findLast((each) => each.site === site && each.kind === "backup" && each.verified);

/**
 * Backs a site up; the snapshot is not marked as verified yet, since the repository itself has not been checked.
 * @param readBack whether its dump is read back; not where a restore into scratch follows, which does.
 */
export async function backupSite(
  context: Context,
  site: string,
  kind: Kind,
  snapshots: readonly Snapshot[],
  { readBack = true } = {},
): Promise<SiteBackup> {
  const { job } = context;
  if (kind === "backup" && readRecord(job, site)?.writing === true) {
    throw new Error("a restore of it has not ended: its database may be half replaced");
  }
  const login = loginOf(job, site);
  const before = kind === "backup" ? lastVerified(snapshots, site) : undefined;
  const known = before === undefined ? undefined : await manifestOf(context, before);
  try {
    const { manifest, file, manifestFile } = await takeDump(context, site, login, known);
    const sources = [
      file,
      manifestFile,
      path.join(siteFolder(job, site), "site_config.json"),
      ...filesOf(context, site),
    ];
    const snapshot = await takeSnapshot(context, { site, kind, bytes: manifest.dumpBytes }, sources);
    if (readBack && (await digestInSnapshot(context, snapshot, file)) !== manifest.dumpSha256) {
      throw new Error("the dump that the repository gives back is not the one that was taken");
    }
    const { tables, dumpBytes: bytes } = manifest;
    const facts = { tables: Object.keys(tables).length, rows: rowsOf(tables), bytes };
    info("site backed up", { site, snapshot: short(snapshot.id), ...facts });
    return { snapshot, manifest };
  } finally {
    rmSync(path.join(job.scratch, site), { recursive: true, force: true });
  }
}

/** The site's folders of files. One that is a link would be backed up as a link, without what it leads to. */
function filesOf({ job }: Context, site: string): string[] {
  const folders = fileFolders.map((each) => path.join(siteFolder(job, site), each)).filter((each) => existsSync(each));
  const link = folders.find((each) => !lstatSync(each).isDirectory());
  if (link !== undefined) throw new Error(`${link} is no folder: its files would be missing in the snapshot`);
  return folders;
}
