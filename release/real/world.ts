/** The world as it is: sites on the volume, their databases, the queue, the repository. */
import type { Context } from "../../backup/context.ts";
import { info } from "../../backup/log.ts";
import { restoreSite } from "../../backup/restore/index.ts";
import { clearCache, migrate } from "../bench/commands.ts";
import { withWeb } from "../bench/web.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";
import type { Queue } from "../queue/index.ts";
import { keepSite, removeBegun, standingOf } from "../sites/begun.ts";
import { createSite } from "../sites/create.ts";
import { readFlags, restoreFlags, setFlags, untilClosed } from "../sites/flags.ts";
import { problemOfClosed } from "../sites/health.ts";
import { applySettings } from "../sites/settings.ts";
import { repairSiteUser } from "../sites/user.ts";
import type { World } from "../world.ts";
import { inspect } from "./inspect.ts";
import { sealSite } from "./seal.ts";

export function realWorld(context: Context, job: ReleaseJob, queue: Queue): World {
  const specOf = (name: string): ReleaseSiteSpec => {
    const spec = job.sites.find((site) => site.name === name);
    if (spec === undefined) throw new Error(`${name} is no site of this release`);
    return spec;
  };
  const { id } = job.release;
  return {
    inspect: () => inspect(context, job, queue),
    backUp: (site) => sealSite(context, job, site, { kind: "backup", still: false }),

    flagsOf: (site) => Promise.resolve({ ...readFlags(job, site) }),
    close: async (site) => {
      // A site, or a bench, that allows reads meanwhile would answer on.
      setFlags(job, site, { maintenance_mode: 1, pause_scheduler: 1, allow_reads_during_maintenance: 0 });
      await untilClosed(context, { endpoint: job.endpoints.serving, site });
    },
    open: async (site, flags) => {
      const { kind } = await standingOf(context, job, specOf(site));
      if (kind !== "nothing") await keepSite(context, job, specOf(site));
      restoreFlags(job, site, flags);
    },

    queueState: async () => ({ pending: await queue.pending() }),
    drain: async () => {
      await queue.suspend(id);
      await queue.drain({
        limit: job.limits.drain,
        progress: (line) => info("waiting", { for: line }),
      });
    },
    resume: async () => void (await queue.resume(id)),

    seal: (site) => sealSite(context, job, site, { kind: "seal", still: true }),
    migrate: async (site) => {
      await repairSiteUser(context, job, site);
      await migrate(context, job, site);
      await applySettings(context, job, specOf(site));
      await clearCache(context, job, site);
    },
    create: (site) =>
      withWeb(context, job, async (endpoint) => {
        await createSite(context, job, specOf(site), { endpoint, paused: true });
      }),
    check: (site) =>
      withWeb(context, job, async (endpoint) => {
        const problem = await problemOfClosed(context, job, { site, endpoint });
        if (problem !== undefined) throw new Error(problem);
      }),

    restore: (site, { snapshot }) =>
      // Closed already, and seen to be: nothing to wait for.
      restoreSite(
        { ...context, job: { ...context.job, settleSeconds: 0 } },
        { site, snapshot, allowUnverified: false, force: true },
      ),
    remove: async (site) => void (await removeBegun(context, job, specOf(site))),
  };
}
