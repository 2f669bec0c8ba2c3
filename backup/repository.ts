/** The repository of a bench: opened or made, its snapshots listed, verified and tagged. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Context } from "./context.ts";
import { info } from "./log.ts";
import { wordsOf } from "./process.ts";
import { explain, mustRestic, restic, troubleOf } from "./restic.ts";

/**
 * Why a snapshot was taken: `backup` by a run, `before-restore` by a restore of what it was about to replace, `seal` by a release when writes
 * were closed.
 */
export type Kind = (typeof kinds)[number];
const kinds = ["backup", "before-restore", "seal"] as const;

export interface Snapshot {
  /** The one that it was taken under, which stays; restic lists it as `original` once it was marked. */
  readonly id: string;
  /** What restic finds it by now: a snapshot that is marked gets another one. */
  readonly current: string;
  readonly time: string;
  readonly site: string;
  readonly kind: Kind;
  readonly verified: boolean;
  /** Of its dump; undefined for a snapshot of an older program, whose manifest alone says it. */
  readonly bytes: number | undefined;
  /** Of all that is in it; undefined where nobody wrote it down. */
  readonly size: number | undefined;
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
  readonly original?: string | null;
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

function snapshotFrom({ id, original, time, paths, tags }: Raw): Snapshot {
  const all = tags ?? [];
  const after = (prefix: string) => all.find((tag) => tag.startsWith(prefix))?.slice(prefix.length);
  const numberAfter = (prefix: string) => {
    const text = after(prefix);
    return text === undefined ? undefined : Number(text);
  };
  return {
    id: original ?? id,
    current: id,
    time,
    paths,
    site: after("site:") ?? "",
    kind: kinds.find((kind) => all.includes(kind)) ?? "backup",
    verified: all.includes("verified"),
    bytes: numberAfter("bytes:"),
    size: numberAfter("size:"),
  };
}

/**
 * Snapshots by the beginning of an id, ours or restic's present one. restic marks a snapshot by writing another one and taking the first
 * away: where it was killed between the two both are there, and are the same.
 */
export function named(snapshots: readonly Snapshot[], wanted: string): Snapshot[] {
  const found = snapshots.filter(({ id, current }) => id.startsWith(wanted) || current.startsWith(wanted));
  return found.filter((one) => one.verified || !found.some((other) => other.id === one.id && other.verified));
}

/** Backs up paths as one snapshot. Files that cannot be read are a failure (restic's exit code 3). */
export async function takeSnapshot(
  context: Context,
  { site, kind, bytes }: { readonly site: string; readonly kind: Kind; readonly bytes: number },
  sources: readonly string[],
): Promise<Snapshot> {
  const { job, run } = context;
  const missing = sources.filter((source) => !existsSync(source));
  if (missing.length > 0) throw new Error(`${missing.join(", ")} is missing`);
  const tags = [`site:${site}`, `run:${run}`, `bytes:${bytes}`, kind].flatMap((tag) => ["--tag", tag]);
  const args = ["backup", "--json", "--quiet", "--host", job.bench, ...tags, "--", ...sources];
  const said = await mustRestic(context, "the snapshot failed", args);
  const summary = said.split("\n").find((line) => line.includes('"message_type":"summary"'));
  const { snapshot_id: id, total_bytes_processed: size } = JSON.parse(summary ?? "{}") as Summary;
  if (id === undefined) throw new Error("the snapshot failed: restic named none");
  return { id, current: id, time: new Date().toISOString(), site, kind, verified: false, bytes, size, paths: sources };
}

/** restic's last line of a backup; the id may be its first 8 characters. */
interface Summary {
  readonly snapshot_id?: string;
  readonly total_bytes_processed?: number;
}

/** Reads one file of a snapshot back and answers the digest of what came. */
export async function digestInSnapshot(context: Context, { current }: Snapshot, file: string): Promise<string> {
  const hash = createHash("sha256");
  const output = (chunk: Buffer) => void hash.update(chunk);
  await mustRestic(context, `${file} cannot be read back`, ["dump", "--no-lock", current, file], { output });
  return hash.digest("hex");
}

/** The content of a small file of a snapshot. */
export const textInSnapshot = (context: Context, { current }: Snapshot, file: string): Promise<string> =>
  mustRestic(context, `${file} cannot be read`, ["dump", "--no-lock", current, file]);

/** Checks the repository's structure, and reads a share of its data again. */
export async function checkRepository(context: Context): Promise<void> {
  const share = `--read-data-subset=${context.job.readDataPercent}%`;
  await mustRestic(context, "the repository is damaged", ["check", share]);
}

/** Marks snapshots as verified; of one alone, its size is written down, too. */
export async function markVerified(context: Context, snapshots: readonly Snapshot[]): Promise<void> {
  const [first, ...more] = snapshots;
  if (first === undefined) return;
  const size = more.length === 0 && first.size !== undefined ? ["--add", `size:${first.size}`] : [];
  const ids = snapshots.map(({ current }) => current);
  const what = "the snapshots cannot be marked as verified";
  const ended = await restic(context, ["tag", "--add", "verified", ...size, ...ids]);
  if (ended.code !== 0) throw new Error(explain(what, ended));
  // What it does not find, or cannot write, is no failure to restic: it only counts what it has changed.
  const [, changed = "0"] = /modified (?:tags on )?(\d+) snapshots?/.exec(ended.stdout) ?? [];
  if (Number(changed) === ids.length) return;
  // Nor does it count one whose marked copy stands where the old one could not be taken away.
  const all = await snapshotsOf(context);
  const marked = snapshots.filter(({ id }) => named(all, id)[0]?.verified === true);
  if (marked.length < ids.length) {
    throw new Error(`${what}: restic marked ${marked.length} of ${ids.length} (${wordsOf(ended)})`);
  }
}
