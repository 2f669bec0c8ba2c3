/** Which snapshot a restore takes, and whether it is what it says. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Context } from "../context.ts";
import { databaseOf } from "../databases/index.ts";
import { loginOf } from "../login.ts";
import { dumpName, type Manifest, manifestOf, pathIn, short } from "../manifest.ts";
import type { Snapshot } from "../repository.ts";
import { scanDump } from "../scan.ts";
import { lastVerified } from "../site-backup.ts";
import { parseConfig, type SiteConfig } from "../sites.ts";
import { refuseFull } from "../space.ts";
import { extract } from "./files.ts";

export interface Choice {
  readonly site: string;
  /** An id, its beginning, or `latest`: the newest verified one. */
  readonly snapshot: string;
  readonly allowUnverified: boolean;
}

/** A snapshot with its dump in scratch, found whole. */
export interface Opened {
  readonly snapshot: Snapshot;
  readonly manifest: Manifest;
  readonly dump: string;
  readonly config: SiteConfig;
}

export function chooseSnapshot(snapshots: readonly Snapshot[], choice: Choice): Snapshot {
  const { site, snapshot: wanted, allowUnverified } = choice;
  if (wanted === "latest") {
    const any = snapshots.findLast((each) => each.site === site && each.kind === "backup");
    const chosen = allowUnverified ? any : lastVerified(snapshots, site);
    if (chosen !== undefined) return chosen;
    throw new Error(`${site} has no verified snapshot${any === undefined ? "" : ", only unverified ones"}`);
  }
  const [chosen, ...more] = snapshots.filter(({ id }) => id.startsWith(wanted));
  if (chosen === undefined) throw new Error(`there is no snapshot ${wanted}`);
  if (more.length > 0) throw new Error(`more than one snapshot begins with ${wanted}`);
  if (chosen.site !== site) throw new Error(`snapshot ${wanted} belongs to ${chosen.site}, not to ${site}`);
  if (!chosen.verified && !allowUnverified) {
    throw new Error(`snapshot ${wanted} was never verified; --allow-unverified takes it all the same`);
  }
  return chosen;
}

/** Brings a snapshot's dump and configuration into scratch; refuses another site's, database's or engine's, and a damaged one. */
export async function openSnapshot(context: Context, site: string, snapshot: Snapshot): Promise<Opened> {
  const { job } = context;
  const manifest = await manifestOf(context, snapshot);
  const { schema } = loginOf(job, site);
  refuseOther("site", manifest.site, site);
  refuseOther("engine", manifest.engine, job.database.engine);
  refuseOther("database", manifest.schema, schema);
  refuseFull(job, manifest.dumpBytes);
  const target = path.join(job.scratch, `restore-${short(snapshot.id)}`);
  const dump = await extractDump(context, snapshot, manifest, target);
  const configPath = pathIn(snapshot, "site_config.json");
  if (configPath === undefined) throw new Error(`snapshot ${short(snapshot.id)} has no site_config.json`);
  await extract(context, snapshot, [configPath], target);
  const file = path.join(target, configPath);
  return { snapshot, manifest, dump, config: parseConfig(readFileSync(file, "utf8"), configPath) };
}

/** Brings a snapshot's dump below a folder; throws unless it is, byte for byte and as a whole, what the manifest says. */
export async function extractDump(
  context: Context,
  snapshot: Snapshot,
  manifest: Manifest,
  target: string,
): Promise<string> {
  const inside = pathIn(snapshot, dumpName);
  if (inside === undefined) throw new Error(`snapshot ${short(snapshot.id)} has no ${dumpName}`);
  await extract(context, snapshot, [inside], target);
  const file = path.join(target, inside);
  const facts = await scanDump(file, manifest.engine, databaseOf(context).trailer);
  if (facts.sha256 !== manifest.dumpSha256) throw new Error(`the dump in snapshot ${short(snapshot.id)} is damaged`);
  if (!facts.complete) throw new Error(`the dump in snapshot ${short(snapshot.id)} was cut`);
  return file;
}

function refuseOther(what: string, inSnapshot: string, here: string): void {
  if (inSnapshot !== here) throw new Error(`the snapshot is of the ${what} ${inSnapshot}, here it is ${here}`);
}
