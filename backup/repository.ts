/** The repository of a bench: opened or made, its snapshots listed, verified and tagged. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Context } from "./context.ts";
import { info } from "./log.ts";
import { explain, mustRestic, restic, troubleOf } from "./restic.ts";

/**
 * Why a snapshot was taken: `backup` by a run, `before-restore` by a restore of what it was about to replace, `seal` by a release when writes
 * were closed.
 */
export type Kind = (typeof kinds)[number];
const kinds = ["backup", "before-restore", "seal"] as const;

export interface Snapshot {
  readonly id: string;
  readonly time: string;
  readonly site: string;
  readonly kind: Kind;
  readonly verified: boolean;
  /** Of its dump; undefined for a snapshot of an older program, whose manifest alone says it. */
  readonly bytes: number | undefined;
  readonly paths: readonly string[];
}

/** restic itself tries for up to 15 minutes to reach a store; nobody waits that long to learn that it is away. */
const openSeconds = 120;

/** Makes sure that the repository opens with the password. */
export async function openRepository(context: Context): Promise<void> {
  if (!(await opens(context))) throw new Error(absent(context));
}

/** The same, but makes it where there truly is none: only a run may, under the bench's lock. */
export async function openOrMakeRepository(context: Context): Promise<void> {
  if (await opens(context)) return;
  const { repository } = context.job;
  await mustRestic(context, "the repository cannot be made", ["init"], { seconds: secondsOf(context) });
  info("repository made", { repository });
}

const secondsOf = ({ job }: Context) => Math.min(openSeconds, job.timeLimit / 3);
const absent = ({ job }: Context) => `there is no repository at ${job.repository}`;

/** Whether there is a repository that opens; a place that lost its own is an error. */
async function opens(context: Context): Promise<boolean> {
  const { repository } = context.job;
  const opened = await restic(context, ["cat", "config", "--no-lock"], { seconds: secondsOf(context) });
  const trouble = troubleOf(opened);
  if (trouble === undefined) return true;
  if (trouble !== "absent") throw new Error(explain(`the repository ${repository} cannot be opened`, opened));
  refuseLostFolder(repository);
  return false;
}

/** A folder that is not mounted, or lost its config, is no place where there never was a repository. */
function refuseLostFolder(repository: string): void {
  if (!path.isAbsolute(repository)) return;
  if (!existsSync(path.dirname(repository))) {
    throw new Error(`the repository's parent folder ${path.dirname(repository)} does not exist: is it mounted?`);
  }
  if (existsSync(repository) && readdirSync(repository).length > 0) {
    throw new Error(`${repository} holds files but no repository: nothing is made in it`);
  }
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
  const found = await findSnapshots(context);
  if (found === undefined) throw new Error(absent(context));
  return found;
}

/** The same; undefined where there is no repository (yet). */
export async function findSnapshots(context: Context): Promise<Snapshot[] | undefined> {
  const ended = await restic(context, ["snapshots", "--json", "--no-lock"], { seconds: secondsOf(context) });
  const trouble = troubleOf(ended);
  if (trouble === "absent") {
    refuseLostFolder(context.job.repository);
    return undefined;
  }
  if (trouble !== undefined) throw new Error(explain("the snapshots cannot be listed", ended));
  const list = JSON.parse(ended.stdout) as Raw[];
  const foreign = list.find(({ hostname }) => hostname !== context.job.bench);
  if (foreign !== undefined) {
    throw new Error(`the repository holds snapshots of ${foreign.hostname}: give each bench a repository of its own`);
  }
  return list.map(snapshotFrom).sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
}

function snapshotFrom({ id, time, paths, tags }: Raw): Snapshot {
  const all = tags ?? [];
  const after = (prefix: string) => all.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const bytes = after("bytes:");
  return {
    id,
    time,
    paths,
    site: after("site:") ?? "",
    kind: kinds.find((kind) => all.includes(kind)) ?? "backup",
    verified: all.includes("verified"),
    bytes: bytes === undefined ? undefined : Number(bytes),
  };
}

/** Backs up paths as one snapshot; answers its id. Files that cannot be read are a failure (restic's exit code 3). */
export async function takeSnapshot(
  context: Context,
  { site, kind, bytes }: { readonly site: string; readonly kind: Kind; readonly bytes: number },
  sources: readonly string[],
): Promise<string> {
  const { job, run } = context;
  const missing = sources.filter((source) => !existsSync(source));
  if (missing.length > 0) throw new Error(`${missing.join(", ")} is missing`);
  const tags = [`site:${site}`, `run:${run}`, `bytes:${bytes}`, kind].flatMap((tag) => ["--tag", tag]);
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
