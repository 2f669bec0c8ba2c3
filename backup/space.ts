/** Room on disks, asked before something large is begun. */
import { statfsSync } from "node:fs";
import type { BackupJob } from "./job.ts";

/** Bytes that we may still write on a folder's file system. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Throws when scratch has no room for a dump. */
export function refuseFull({ scratch, scratchBytes = Infinity }: BackupJob, bytes: number): void {
  const left = Math.min(freeBytes(scratch), scratchBytes);
  if (left < bytes) {
    throw new Error(`scratch has room for ${left} bytes, the dump needs ${bytes}: no space left for it`);
  }
}
