// Bundled and run as the image's user: one verb of release/sites on a bench, as the release runner calls it.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openContext } from "../../../backup/context.ts";
import { messageOf } from "../../../backup/log.ts";
import { clearCache, execute, installApp, migrate, setScheduler } from "../../../release/bench/commands.ts";
import { candidateWeb } from "../../../release/bench/web.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../../../release/job.ts";
import { archiveSite, reviveSite } from "../../../release/sites/archive.ts";
import { keepAddress } from "../../../release/sites/address.ts";
import { keepSite, removeBegun, standingOf } from "../../../release/sites/begun.ts";
import { createSite, type CreateOptions } from "../../../release/sites/create.ts";
import { type Flags, readFlags, restoreFlags, setFlags, untilClosed, untilOpen } from "../../../release/sites/flags.ts";
import { problemOf, problemOfClosed } from "../../../release/sites/health.ts";
import { applySettings } from "../../../release/sites/settings.ts";
import { repairSiteUser } from "../../../release/sites/user.ts";

export interface Order {
  readonly job: ReleaseJob;
  readonly verb: keyof typeof verbs;
  readonly site: ReleaseSiteSpec;
  readonly options?: Partial<CreateOptions>;
  readonly flags?: Flags;
  readonly args?: readonly string[];
  readonly seconds?: number;
}

type Verb = (context: ReturnType<typeof openContext>, order: Order) => unknown;

const asked = ({ site, options, seconds }: Order) => ({
  site: site.name,
  endpoint: options?.endpoint ?? "",
  ...(seconds !== undefined && { seconds }),
});

async function create(...[context, { job, site, options }]: Parameters<Verb>) {
  const web = candidateWeb(context, job);
  try {
    return await createSite(context, job, site, { ...options, endpoint: options?.endpoint ?? (await web.endpoint()) });
  } finally {
    await web.end();
  }
}

/** Where a web to look at sites with answers: asked for twice, elsewhere after it was killed, and nowhere after its end. */
async function candidates(...[context, { job }]: Parameters<Verb>) {
  const web = candidateWeb(context, job);
  const answers = (endpoint: string) =>
    fetch(endpoint).then(
      () => true,
      () => false,
    );
  const [first, again] = [await web.endpoint(), await web.endpoint()];
  for (const pid of readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ")) {
    process.kill(-Number(pid), "SIGKILL");
  }
  let anew = first;
  for (; anew === first; anew = await web.endpoint()) await sleep(50);
  const wasUp = await answers(anew);
  await web.end();
  return { same: first === again, wasUp, isUp: await answers(anew) };
}

const verbs = {
  create,
  candidates,
  keep: (context, { job, site }) => keepSite(context, job, site),
  remove: (context, { job, site }) => removeBegun(context, job, site),
  standing: async (context, { job, site }) => (await standingOf(context, job, site)).kind,
  repair: (context, { job, site }) => repairSiteUser(context, job, site.name),
  settings: (context, { job, site }) => applySettings(context, job, site),
  problem: (context, order) => problemOf(context, order.job, asked(order)),
  problemOfClosed: (context, order) => problemOfClosed(context, order.job, asked(order)),
  readFlags: (_, { job, site }) => readFlags(job, site.name),
  setFlags: (_, { job, site, flags = {} }) => setFlags(job, site.name, flags),
  restoreFlags: (_, { job, site, flags = {} }) => restoreFlags(job, site.name, flags),
  untilClosed: (context, order) => untilClosed(context, asked(order)),
  untilOpen: (context, order) => untilOpen(context, asked(order)),
  keepAddress: (_, { job, site }) => keepAddress(job, site),
  archive: (_, { job, site }) => archiveSite(job, site.name),
  revive: (_, { job, site }) => reviveSite(job, site.name),
  migrate: (context, { job, site }) => migrate(context, job, site.name),
  clearCache: (context, { job, site }) => clearCache(context, job, site.name),
  schedulerOn: (context, { job, site }) => setScheduler(context, job, site.name, true),
  schedulerOff: (context, { job, site }) => setScheduler(context, job, site.name, false),
  installApp: (context, { job, site, args = [] }) => installApp(context, job, site.name, args[0] ?? ""),
  execute: (context, { job, site, args: [method = "", ...args] = [] }) =>
    execute(
      context,
      job,
      site.name,
      method,
      args.map((each) => JSON.parse(each) as unknown),
    ),
} satisfies Record<string, Verb>;

async function main(file: string) {
  const order = JSON.parse(readFileSync(file, "utf8")) as Order;
  const context = openContext(order.job.backup);
  try {
    const verb: Verb = verbs[order.verb];
    const result = (await verb(context, order)) ?? null;
    process.stdout.write(`${JSON.stringify({ result })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ problem: messageOf(error) })}\n`);
    process.exitCode = 1;
  } finally {
    context.close();
  }
}

void main(process.argv[2] ?? "");
