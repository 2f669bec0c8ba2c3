/** The site's files: brought beside their place first, then moved into it. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import type { Context } from "../context.ts";
import { pathIn } from "../manifest.ts";
import type { Snapshot } from "../repository.ts";
import { mustRestic } from "../restic.ts";
import { fileFolders, siteFolder } from "../sites.ts";

/** On the sites' volume itself, since a move between volumes is a copy. */
const stagingOf = (context: Context, site: string) => path.join(siteFolder(context.job, site), ".restore-files");

/** Brings a snapshot's folders of files onto the sites' volume; nothing of the site changes yet. */
export async function stageFiles(context: Context, site: string, snapshot: Snapshot): Promise<void> {
  const staging = stagingOf(context, site);
  removeStaging(context, site);
  mkdirSync(staging, { mode: 0o700 });
  const wanted = fileFolders.map((each) => pathIn(snapshot, each)).filter((each) => each !== undefined);
  if (wanted.length > 0) await extract(context, snapshot, wanted, staging);
}

/** Extracts paths of a snapshot below a folder, each at its full path; every byte is compared with the repository's digests. */
export async function extract(
  context: Context,
  snapshot: Snapshot,
  paths: readonly string[],
  target: string,
): Promise<void> {
  const includes = paths.flatMap((each) => ["--include", escaped(each)]);
  const args = ["restore", "--no-lock", "--verify", "--target", target, ...includes, snapshot.id];
  await mustRestic(context, "the snapshot cannot be restored", args);
  const missing = paths.filter((each) => !existsSync(path.join(target, each)));
  if (missing.length > 0) throw new Error(`the snapshot gave back no ${missing.join(", ")}`);
}

/** restic takes an include for a pattern. */
const escaped = (file: string) => file.replaceAll(/[*?[\]\\]/g, String.raw`\$&`);

/**
 * Moves staged files into place. What stood there goes aside under a name of this restore; a second try after a kill finds it
 * there, and replaces only what the first try had put in place.
 */
export function placeFiles(context: Context, site: string, snapshot: Snapshot, id: string): void {
  for (const each of fileFolders) {
    const place = path.join(siteFolder(context.job, site), each);
    const from = pathIn(snapshot, each);
    const aside = asideOf(place, id);
    mkdirSync(path.dirname(place), { recursive: true });
    if (existsSync(aside)) rmSync(place, { recursive: true, force: true });
    else if (existsSync(place)) renameSync(place, aside);
    if (from !== undefined) renameSync(path.join(stagingOf(context, site), from), place);
    else if (existsSync(aside)) mkdirSync(place);
  }
}

export const removeStaging = (context: Context, site: string): void =>
  rmSync(stagingOf(context, site), { recursive: true, force: true });

/** Removes what was moved aside, by this restore or by one that was given up. */
export function removeOldFiles(context: Context, site: string): void {
  for (const each of fileFolders) {
    const place = path.join(siteFolder(context.job, site), each);
    const folder = path.dirname(place);
    if (!existsSync(folder)) continue;
    const asides = readdirSync(folder).filter((name) => name.startsWith(path.basename(asideOf(place, ""))));
    for (const name of asides) rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

const asideOf = (place: string, id: string) => `${place}.before-restore-${id}`;
