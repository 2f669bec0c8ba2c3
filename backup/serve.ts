/** Exporter: asks the repository itself, so that what it shows is what could be restored, whoever wrote it. */
import { setTimeout as sleep } from "node:timers/promises";
import { backupMetrics } from "../constants/backup-metrics.ts";
import { type Context, openContext } from "./context.ts";
import { type Family, type Sample, serveMetrics } from "./exposition.ts";
import type { BackupJob } from "./job.ts";
import { failure, info, messageOf } from "./log.ts";
import { manifestOf } from "./manifest.ts";
import { findSnapshots, type Snapshot } from "./repository.ts";

interface SiteFacts {
  /** Of verified snapshots, oldest first. */
  readonly times: readonly number[];
  readonly dumpBytes: number | undefined;
}

interface Known {
  up: boolean;
  /** Seconds since 1970; undefined before the repository has answered for the first time. */
  checked: number | undefined;
  sites: ReadonlyMap<string, SiteFacts>;
}

/** Seconds that one look at the repository may take. */
const lookSeconds = 240;

/** Serves until it is told to end; answers the exit code. */
export async function serve(job: BackupJob): Promise<number> {
  const { metricsPort, refreshSeconds = 300 } = job;
  if (metricsPort === undefined) throw new Error("metricsPort is not set");
  const ending = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());
  const known: Known = { up: false, checked: undefined, sites: new Map() };
  const server = await serveMetrics(metricsPort, () => familiesOf(job, known));
  info("serving", { port: metricsPort });
  const sizes = new Map<string, number>();
  while (!ending.signal.aborted) {
    await look(job, known, sizes, ending.signal);
    await sleep(refreshSeconds * 1_000, undefined, { signal: ending.signal }).catch(() => undefined);
  }
  server.close();
  server.closeAllConnections();
  return 0;
}

/** Asks the repository once. One that does not answer leaves the last known values, and says so. */
async function look(job: BackupJob, known: Known, sizes: Map<string, number>, ending: AbortSignal): Promise<void> {
  const context = openContext({ ...job, timeLimit: lookSeconds });
  const end = () => context.abort(new Error("called off"));
  ending.addEventListener("abort", end, { once: true });
  try {
    // Before the first run there is none: an answer, unlike a store that cannot be reached.
    const found = (await findSnapshots(context)) ?? [];
    const snapshots = found.filter(({ kind, verified }) => kind === "backup" && verified);
    const sites = new Map<string, SiteFacts>();
    for (const site of new Set(snapshots.map((each) => each.site))) {
      const own = snapshots.filter((each) => each.site === site);
      const times = own.map(({ time }) => Date.parse(time) / 1_000);
      sites.set(site, { times, dumpBytes: await sizeOf(context, own.at(-1), sizes) });
    }
    Object.assign(known, { up: true, checked: Date.now() / 1_000, sites });
  } catch (error) {
    known.up = false;
    if (!ending.aborted) failure("repository away", { cause: messageOf(error) });
  } finally {
    ending.removeEventListener("abort", end);
    context.close();
  }
}

/** The dump's size; where the snapshot's manifest must be asked, it is once, since a snapshot never changes. */
async function sizeOf(context: Context, snapshot: Snapshot | undefined, sizes: Map<string, number>) {
  if (snapshot === undefined) return undefined;
  const size = snapshot.bytes ?? sizes.get(snapshot.id) ?? (await manifestOf(context, snapshot)).dumpBytes;
  sizes.set(snapshot.id, size);
  return size;
}

function familiesOf(job: BackupJob, { up, checked, sites }: Known): Family[] {
  const each = (valueOf: (facts: SiteFacts) => number | undefined): Sample[] =>
    [...sites].flatMap(([site, facts]) => {
      const value = valueOf(facts);
      return value === undefined ? [] : [{ labels: { site }, value }];
    });
  // Where the repository has never answered, "none" would be a guess.
  const without =
    checked === undefined ? [] : job.sites.filter(({ name, state }) => state === "active" && !sites.has(name));
  const none = without.map(({ name }): Sample => ({ labels: { site: name }, value: 0 }));
  const families: readonly (readonly [string, string, readonly Sample[]])[] = [
    [
      backupMetrics.lastSuccess,
      "Time of the newest verified snapshot.",
      [...each(({ times }) => times.at(-1)), ...none],
    ],
    [backupMetrics.oldest, "Time of the oldest verified snapshot.", each(({ times }) => times[0])],
    [backupMetrics.snapshots, "Verified snapshots.", [...each(({ times }) => times.length), ...none]],
    [backupMetrics.dumpBytes, "Bytes of the newest verified dump.", each(({ dumpBytes }) => dumpBytes)],
    [backupMetrics.repositoryUp, "Whether the repository answered.", [{ value: up ? 1 : 0 }]],
    [
      backupMetrics.repositoryChecked,
      "When the repository last answered.",
      checked === undefined ? [] : [{ value: checked }],
    ],
  ];
  return families.map(([name, help, samples]) => ({ name, help, type: "gauge", samples }));
}
