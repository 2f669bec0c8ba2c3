/** The world as it is: sites on the volume, their databases, the queue, the repository. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { keepLock } from "../../backup/lock.ts";
import { info } from "../../backup/log.ts";
import { letIn } from "../../backup/restore/closing.ts";
import { readRecord, removeRecord } from "../../backup/restore/record.ts";
import { clearCache, migrate } from "../bench/commands.ts";
import { candidateWeb } from "../bench/web.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";
import type { Queue } from "../queue/index.ts";
import { keepSite, removeBegun } from "../sites/begun.ts";
import { archiveSite, canBeArchived, isArchived, reviveSite } from "../sites/archive.ts";
import { addressOf, keepAddress } from "../sites/address.ts";
import { createSite, growSite } from "../sites/create.ts";
import { isClosed, readFlags, restoreFlags, setFlags, untilClosed } from "../sites/flags.ts";
import { problemOfClosed } from "../sites/health.ts";
import { untilQuiet } from "../sites/quiet.ts";
import { applySettings } from "../sites/settings.ts";
import { repairSiteUser } from "../sites/user.ts";
import { adminLogin } from "../server.ts";
import type { World } from "../world.ts";
import { keptSeconds, refuseRestless } from "./closing.ts";
import { inspect } from "./inspect.ts";
import { doorSecondsOf, lostSeals, putSealBack, rehearse, returnTo } from "./undo.ts";
import { sealSite } from "./seal.ts";

export interface Around {
  readonly queue: Queue;
  /** `redis_cache` of the bench. */
  readonly cacheUrl: string;
  /** Whether the web that serves may go on for a minute with flags that it read before. */
  readonly keeps: boolean;
}

export function realWorld(context: Context, job: ReleaseJob, { queue, cacheUrl, keeps }: Around): World {
  const specOf = (name: string): ReleaseSiteSpec => {
    const spec = job.sites.find((site) => site.name === name);
    if (spec === undefined) throw new Error(`${name} is no site of this release`);
    return spec;
  };
  const { id } = job.release;
  const patience = { limit: job.limits.drain, progress: (line: string) => info("waiting", { for: line }) };
  const closed = new Map<string, number>();
  const candidate = candidateWeb(context, job);
  // As the administrator: sessions of the sites' users are waited for, and ended.
  const alone = () => keepLock(context, adminLogin(job, job.ledger));
  return {
    alone,
    inspect: (past) => inspect(context, job, queue, past),
    backUp: (site) => sealSite(context, job, site, { kind: "backup", still: false }),

    flagsOf: (site) => Promise.resolve({ ...readFlags(job, site) }),
    close: (site) => {
      // What a restore remembers that was given up, and opened by hand, is no more: the next one would take its word for how the site was.
      const record = isClosed(job, site) ? undefined : readRecord(job.backup, site);
      if (record !== undefined) {
        letIn(context, site, record);
        removeRecord(job.backup, site);
      }
      // A site, or a bench, that allows reads meanwhile would answer on.
      setFlags(job, site, { maintenance_mode: 1, pause_scheduler: 1, allow_reads_during_maintenance: 0 });
      closed.set(site, performance.now());
      return Promise.resolve();
    },
    untilClosed: async (site) => {
      // An archived one is routed nowhere, and was closed long ago.
      if (isArchived(job, site)) return "closed";
      const since = performance.now() - (closed.get(site) ?? performance.now());
      if (keeps) await sleep(Math.max(0, keptSeconds * 1_000 - since), undefined, { signal: context.signal });
      return untilClosed(context, { endpoint: job.endpoints.serving, site });
    },
    refuseOpened: async (site) => {
      if (isArchived(job, site) || isClosed(job, site)) return;
      throw new Error(`${site}: somebody has opened it meanwhile (maintenance_mode is off), and may write to it`);
    },
    quiet: (site) => untilQuiet(context, job, site, job.limits.drain),
    open: (site, flags) => Promise.resolve(restoreFlags(job, site, flags)),

    queueState: async () => ({ pending: await queue.pending() }),
    drain: async () => {
      await queue.suspend(id);
      await queue.drain(patience);
    },
    still: () => refuseRestless(queue, context.signal),
    endWorkers: () => queue.shutdownWorkers(patience),
    resume: async () => void (await queue.resume(id)),

    // A lock that was lost since is taken anew, before a backup could begin between two sites.
    seal: async (site) => {
      await alone();
      return sealSite(context, job, site, { kind: "seal", still: true });
    },
    migrate: async (site) => {
      await alone();
      // It loads its code while the schema changes; it asks for no site before it is asked.
      candidate.begin();
      await repairSiteUser(context, job, site);
      await migrate(context, job, site);
      await growSite(context, job, specOf(site));
      await applySettings(context, job, specOf(site));
      await clearCache(context, job, site);
    },
    create: async (site) => {
      const [endpoint, address] = [await candidate.endpoint(), addressOf(specOf(site))];
      await createSite(context, job, specOf(site), { endpoint, address, paused: true });
    },
    check: async (site) => {
      const problem = await problemOfClosed(context, job, { site, endpoint: await candidate.endpoint() });
      if (problem !== undefined) throw new Error(problem);
    },
    endChecks: () => candidate.end(),

    lostSeals: (seals) => lostSeals(context, seals),
    rehearse: (_, sealed) => rehearse(context, job, sealed),
    returnTo: async (site, sealed) => {
      await alone();
      await returnTo(context, job, specOf(site), { ...sealed, cacheUrl });
    },

    restore: (site, { snapshot }) => putSealBack(context, job, site, { snapshot, cacheUrl }),
    refresh: (site) => clearCache(context, job, site),
    keep: async (site) => {
      await keepSite(context, job, specOf(site));
      reviveSite(job, site);
      keepAddress(job, specOf(site));
    },
    toArchive: (site) => Promise.resolve(canBeArchived(job, site)),
    archive: (site) => Promise.resolve(void archiveSite(job, site)),
    revive: (site) => Promise.resolve(void reviveSite(job, site)),
    remove: async (site) => {
      await sleep(doorSecondsOf(job, site) * 1_000, undefined, { signal: context.signal });
      await removeBegun(context, job, specOf(site));
    },
  };
}
