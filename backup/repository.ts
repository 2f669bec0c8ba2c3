/** The repository of a bench: opened or made, its snapshots listed, verified and tagged. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Context } from "./context.ts";
import { info } from "./log.ts";
import { explain, mustRestic, restic, troubleOf } from "./restic.ts";

/** Why a snapshot was taken: `backup` by a run, `before-restore` by a restore of what it was about to replace. */
export type Kind = "backup" | "before-restore";

export interface Snapshot {
  readonly id: string;
  readonly time: string;
  readonly site: string;
  readonly kind: Kind;
  readonly verified: boolean;
  readonly paths: readonly string[];
}

/** restic itself tries for up to 15 minutes to reach a store; nobody waits that long to learn that it is away. */
const openSeconds = 120;

/** Makes sure that the repository is there and opens with the password; makes it where there truly is none. */
export async function openRepository(context: Context): Promise<void> {
  const { repository, timeLimit } = context.job;
  const seconds = Math.min(openSeconds, timeLimit / 3);
  const opened = await restic(context, ["cat", "config", "--no-lock"], { seconds });
  const trouble = troubleOf(opened);
  if (trouble === undefined) return;
  if (trouble !== "absent") throw new Error(explain(`the repository ${repository} cannot be opened`, opened));
  if (path.isAbsolute(repository)) refuseLostFolder(repository);
  await mustRestic(context, "the repository cannot be made", ["init"], { seconds });
  info("repository made", { repository });
}

/** A folder that is not mounted, or lost its config, is no place for a new repository. */
function refuseLostFolder(repository: string): void {
  if (!existsSync(path.dirname(repository))) {
    throw new Error(`the repository's parent folder ${path.dirname(repository)} does not exist: is it mounted?`);
  }
  if (existsSync(repository) && readdirSync(repository).length > 0) {
    throw new Error(`${repository} holds files but no repository: nothing is made in it`);
  }
}

/** Removes the locks that killed runs left. Only under our own lock in the database: then no other run can be at work. */
export async function clearStaleLocks(context: Context): Promise<void> {
  await mustRestic(context, "locks that killed runs left cannot be cleared", ["unlock", "--remove-all"]);
}

interface Raw {
  readonly id: string;
  readonly time: string;
  readonly hostname: string;
  readonly paths: readonly string[];
  readonly tags?: readonly string[] | null;
}

/** Snapshots of this bench, oldest first. Refuses a repository that another bench writes to, too. */
export async function snapshotsOf(context: Context): Promise<Snapshot[]> {
  const seconds = Math.min(openSeconds, context.job.timeLimit / 3);
  const args = ["snapshots", "--json", "--no-lock"];
  const list = JSON.parse(await mustRestic(context, "the snapshots cannot be listed", args, { seconds })) as Raw[];
  const foreign = list.find(({ hostname }) => hostname !== context.job.bench);
  if (foreign !== undefined) {
    throw new Error(`the repository holds snapshots of ${foreign.hostname}: give each bench a repository of its own`);
  }
  return list.map(snapshotFrom).sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
}

function snapshotFrom({ id, time, paths, tags }: Raw): Snapshot {
  const all = tags ?? [];
  return {
    id,
    time,
    paths,
    site: all.find((tag) => tag.startsWith("site:"))?.slice(5) ?? "",
    kind: all.includes("before-restore") ? "before-restore" : "backup",
    verified: all.includes("verified"),
  };
}

/** Backs up paths as one snapshot; answers its id. Files that cannot be read are a failure (restic's exit code 3). */
export async function takeSnapshot(
  context: Context,
  site: string,
  kind: Kind,
  sources: readonly string[],
): Promise<string> {
  const { job, run } = context;
  const missing = sources.filter((source) => !existsSync(source));
  if (missing.length > 0) throw new Error(`${missing.join(", ")} is missing`);
  const tags = [`site:${site}`, `run:${run}`, kind].flatMap((tag) => ["--tag", tag]);
  const args = ["backup", "--json", "--quiet", "--host", job.bench, ...tags, "--", ...sources];
  const said = await mustRestic(context, "the snapshot failed", args);
  const id = /"message_type":"summary".*"snapshot_id":"([0-9a-f]+)"/.exec(said)?.[1];
  if (id === undefined) throw new Error("the snapshot failed: restic named none");
  return id;
}

/** Reads one file of a snapshot back and answers the digest of what came. */
export async function digestInSnapshot(context: Context, id: string, file: string): Promise<string> {
  const hash = createHash("sha256");
  const output = (chunk: Buffer) => void hash.update(chunk);
  await mustRestic(context, `${file} cannot be read back`, ["dump", "--no-lock", id, file], { output });
  return hash.digest("hex");
}

/** The content of a small file of a snapshot. */
export const textInSnapshot = (context: Context, id: string, file: string): Promise<string> =>
  mustRestic(context, `${file} cannot be read`, ["dump", "--no-lock", id, file]);

/** Checks the repository's structure, and reads a share of its data again. */
export async function checkRepository(context: Context): Promise<void> {
  const share = `--read-data-subset=${context.job.readDataPercent}%`;
  await mustRestic(context, "the repository is damaged", ["check", share]);
}

/** Marks snapshots as verified. restic gives them new ids in doing so. */
export async function markVerified(context: Context, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await mustRestic(context, "the snapshots cannot be marked as verified", ["tag", "--add", "verified", ...ids]);
}
