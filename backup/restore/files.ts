/** The site's files: brought beside their place first, then moved into it. */
import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { Context } from "../context.ts";
import { warning } from "../log.ts";
import { pathIn } from "../manifest.ts";
import type { Snapshot } from "../repository.ts";
import { mustRestic } from "../restic.ts";
import { fileFolders, siteFolder } from "../sites.ts";
import { freeBytes } from "../space.ts";
import type { Opened } from "./choice.ts";

/** On the sites' volume itself, since a move between volumes is a copy. */
const stagingOf = (context: Context, site: string) => path.join(siteFolder(context.job, site), ".restore-files");

/** Brings a snapshot's folders of files onto the sites' volume; nothing of the site changes yet. */
export async function stageFiles(context: Context, site: string, { snapshot, manifest }: Opened): Promise<void> {
  const staging = stagingOf(context, site);
  await removeStaging(context, site);
  const [left, size] = [
    freeBytes(siteFolder(context.job, site)),
    (await sizeOf(context, snapshot)) - manifest.dumpBytes,
  ];
  if (left < size) throw new Error(`the sites' volume has ${left} bytes left, the snapshot's files have ${size}`);
  mkdirSync(staging, { mode: 0o700 });
  const wanted = fileFolders.map((each) => pathIn(snapshot, each)).filter((each) => each !== undefined);
  if (wanted.length > 0) await extract(context, snapshot, wanted, staging, ["--verify"]);
}

/** Bytes of everything in a snapshot. */
async function sizeOf(context: Context, { current, size }: Snapshot): Promise<number> {
  if (size !== undefined) return size;
  const args = ["stats", "--no-lock", "--json", "--mode", "restore-size", current];
  const said = await mustRestic(context, "the snapshot's size cannot be read", args);
  return (JSON.parse(said) as { total_size: number }).total_size;
}

/**
 * Extracts paths of a snapshot below a folder, each at its full path.
 * @param more `--verify` where nobody else looks: what was written is read again, and compared with the repository's digests.
 */
export async function extract(
  context: Context,
  snapshot: Snapshot,
  paths: readonly string[],
  target: string,
  more: readonly "--verify"[] = [],
): Promise<void> {
  const includes = paths.flatMap((each) => ["--include", escaped(each)]);
  const args = ["restore", "--no-lock", ...more, "--target", target, ...includes, snapshot.current];
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
export async function placeFiles(context: Context, site: string, snapshot: Snapshot, id: string): Promise<void> {
  for (const each of fileFolders) {
    const place = path.join(siteFolder(context.job, site), each);
    const from = pathIn(snapshot, each);
    const aside = asideOf(place, id);
    mkdirSync(path.dirname(place), { recursive: true });
    if (existsSync(aside)) await remove(place);
    else if (existsSync(place)) renameSync(place, aside);
    if (from !== undefined) renameSync(path.join(stagingOf(context, site), from), place);
    else if (existsSync(aside)) mkdirSync(place);
  }
}

/** Step by step: a site has files without number, and whoever holds a lock, or the right to write, has to go on saying so. */
const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

export const removeStaging = (context: Context, site: string): Promise<void> => remove(stagingOf(context, site));

/** Removes what was moved aside. */
export async function removeOldFiles(context: Context, site: string): Promise<void> {
  for (const aside of asidesOf(context, site)) await remove(aside);
}

/** Keeps what was moved aside for good, and says where: nothing of ours removes it any more. */
export function keepOldFiles(context: Context, site: string): void {
  const kept = asidesOf(context, site).map((aside) => {
    const place = aside.replace(/\.before-restore-([^/]*)$/, ".kept-$1");
    renameSync(aside, place);
    return place;
  });
  if (kept.length > 0) warning("old files kept", { site, kept });
}

function asidesOf(context: Context, site: string): string[] {
  return fileFolders.flatMap((each) => {
    const place = path.join(siteFolder(context.job, site), each);
    const folder = path.dirname(place);
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => name.startsWith(path.basename(asideOf(place, ""))));
    return names.map((name) => path.join(folder, name));
  });
}

const asideOf = (place: string, id: string) => `${place}.before-restore-${id}`;
