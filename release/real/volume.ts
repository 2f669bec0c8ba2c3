/**
 * The sites volume, asked before anything is changed: whether a release may write to it, and whether what it would put back has room there.
 * Found later, each of these would leave sites closed that nobody can open.
 */
import { constants, existsSync, lstatSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { access, lstat, opendir } from "node:fs/promises";
import path from "node:path";
import type { Context } from "../../backup/context.ts";
import { messageOf } from "../../backup/log.ts";
import { fileFolders, siteFolder } from "../../backup/sites.ts";
import { freeBytes } from "../../backup/space.ts";
import { isCodeOnly } from "../../constants/strategies.ts";
import type { ReleaseJob } from "../job.ts";

/** Bytes for what a release writes beside a site's files: flags, the record of a restore, logs of commands. */
const least = 16 << 20;

/** @throws when a release could not write to a site that stands, or not put its files back, with the cause and the remedy */
export async function refuseShut(context: Context, job: ReleaseJob, site: string): Promise<void> {
  const folder = siteFolder(job.backup, site);
  refuseUnwritable(folder);
  // Of code alone nothing is ever put back.
  const none: Files = { bytes: 0, count: 0 };
  refuseLittleRoom(folder, isCodeOnly(job.release.strategy) ? none : await filesOf(context, folder));
}

/** Writes a file that does not stay, since an export may refuse what its modes allow. @throws as `refuseShut` */
export function refuseUnwritable(folder: string): void {
  const file = path.join(folder, ".release-probe");
  try {
    try {
      writeFileSync(file, "may a release write here?\n", { flush: true });
    } finally {
      rmSync(file, { force: true });
    }
  } catch (error) {
    throw shut(folder, error);
  }
}

function shut(folder: string, error: unknown): Error {
  const { code = "" } = error as NodeJS.ErrnoException;
  const why = remedies[code]?.(folder) ?? messageOf(error);
  return new Error(`${folder} cannot be written to: ${why}`, { cause: error });
}

const roomier = "make room, or raise frappe:sitesVolume.size";

const remedies: Readonly<Record<string, (folder: string) => string>> = {
  EROFS: () => "it is mounted read-only: let its volume be mounted for writing",
  ENOSPC: () => `its volume is full: ${roomier}`,
  EDQUOT: () => `its quota is used up: ${roomier}`,
  EACCES: foreign,
  EPERM: foreign,
};

function foreign(folder: string): string {
  const { uid, gid, mode } = lstatSync(folder);
  const bits = (mode & 0o7777).toString(8);
  const [user, group] = [process.getuid?.(), process.getgid?.()];
  return `it belongs to ${uid}:${gid} (mode ${bits}), and the bench runs as ${user}:${group}: chown -R ${user}:${group} it`;
}

interface Files {
  readonly bytes: number;
  readonly count: number;
}

/** What of a site a seal holds beside its dump. @throws at a folder in which nothing can be replaced */
async function filesOf({ signal }: Context, folder: string): Promise<Files> {
  let [bytes, count] = [0, 0];
  const walk = async (each: string): Promise<void> => {
    await refuseForeign(each);
    for await (const entry of await opendir(each)) {
      signal.throwIfAborted();
      const at = path.join(each, entry.name);
      count += 1;
      // The site is in use: what is looked at may go in that moment.
      if (entry.isDirectory()) await walk(at).catch(unlessGone);
      else bytes += (await lstat(at).catch(unlessGone))?.size ?? 0;
    }
  };
  for (const each of fileFolders.map((name) => path.join(folder, name)).filter((name) => existsSync(name))) {
    await refuseForeign(path.dirname(each));
    await walk(each);
  }
  return { bytes, count };
}

async function refuseForeign(folder: string): Promise<void> {
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: unknown) => {
    unlessGone(error, shut(folder, error));
  });
}

function unlessGone(error: unknown, otherwise = error): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw otherwise;
}

/** Files that come back lie beside those that stand until the last of them is there, one site after the other. */
function refuseLittleRoom(folder: string, { bytes, count }: Files): void {
  const [needed, left] = [bytes + least, freeBytes(folder)];
  if (left < needed) {
    throw new Error(
      `its volume has ${mebibytes(left)} left, and a release needs ${mebibytes(needed)}, since its way back lays the site's files beside those that stand: ${roomier}`,
    );
  }
  const { files, ffree } = statfsSync(folder);
  // Where a file system counts none, it has as many as there is room for.
  if (files > 0 && ffree < count) {
    throw new Error(`its volume has inodes for ${ffree} more files, and a way back makes ${count}: ${roomier}`);
  }
}

const mebibytes = (bytes: number) => `${Math.ceil(bytes / (1 << 20))} MiB`;
