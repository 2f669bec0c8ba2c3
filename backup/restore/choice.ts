/** Which snapshot a restore takes, and whether it is what it says. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Context } from "../context.ts";
import { loginOf } from "../login.ts";
import { dumpName, type Manifest, manifestName, manifestOf, pathIn, short } from "../manifest.ts";
import { named, type Snapshot } from "../repository.ts";
import { digestOf } from "../scan.ts";
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
  const [chosen, ...more] = named(snapshots, wanted);
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
  const target = path.join(job.scratch, `restore-${short(snapshot.id)}`);
  const { manifest, dump, config } = await extractDump(context, snapshot, target);
  refuseOther("site", manifest.site, site);
  refuseOther("engine", manifest.engine, job.database.engine);
  refuseOther("database", manifest.schema, loginOf(job, site).schema);
  return { snapshot, manifest, dump, config };
}

/** What `extractDump` has brought; `dump` is the file's path. */
export type Extracted = Pick<Opened, "manifest" | "dump" | "config">;

/**
 * Brings a snapshot's dump below a folder, and what belongs to it: in one go, since each start of restic takes most of a second.
 * @throws unless the dump is, byte for byte, the one that was found whole when it was taken.
 */
export async function extractDump(context: Context, snapshot: Snapshot, target: string): Promise<Extracted> {
  const configName = "site_config.json";
  const at = (name: string) => {
    const found = pathIn(snapshot, name);
    if (found === undefined) throw new Error(`snapshot ${short(snapshot.id)} has no ${name}`);
    return found;
  };
  const paths = [dumpName, manifestName, configName].map(at);
  refuseFull(context.job, snapshot.bytes ?? (await manifestOf(context, snapshot)).dumpBytes);
  await extract(context, snapshot, paths, target);
  const text = (name: string) => readFileSync(path.join(target, at(name)), "utf8");
  const manifest = JSON.parse(text(manifestName)) as Manifest;
  const config = parseConfig(text(configName), at(configName));
  const dump = path.join(target, at(dumpName));
  if ((await digestOf(dump)) !== manifest.dumpSha256) {
    throw new Error(`the dump in snapshot ${short(snapshot.id)} is damaged`);
  }
  return { manifest, dump, config };
}

function refuseOther(what: string, inSnapshot: string, here: string): void {
  if (inSnapshot !== here) throw new Error(`the snapshot is of the ${what} ${inSnapshot}, here it is ${here}`);
}
