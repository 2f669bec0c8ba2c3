/** What speaks against a release, found before anything is changed; every problem at once, each with its remedy. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { installedApps } from "../../backup/installed-apps.ts";
import { info, messageOf } from "../../backup/log.ts";
import { loginOf } from "../../backup/login.ts";
import { findSnapshots } from "../../backup/repository.ts";
import type { Queue } from "../queue/index.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";
import { serverIdentity, serverTime } from "../server.ts";
import { standingOf } from "../sites/begun.ts";
import { refuseOdd } from "../sites/create.ts";
import { credentialsOf } from "../sites/credentials.ts";
import type { Inspection, Past } from "../world.ts";
import { codeOf } from "./code.ts";
import { judgeGates } from "./gates.ts";
import { schemasOf, sharedSchemas } from "./neighbours.ts";
import { refuseShut, refuseUnwritable } from "./volume.ts";

/** Seconds that the clocks of this pod and of the database may differ: deadlines are counted by both. */
const clockSkew = 60;

export async function inspect(context: Context, job: ReleaseJob, queue: Queue, past: Past): Promise<Inspection> {
  const problems: string[] = [];
  const asked = async <Answer>(what: string, ask: () => Answer | Promise<Answer>): Promise<Answer | undefined> => {
    try {
      return await ask();
    } catch (error) {
      context.signal.throwIfAborted();
      problems.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const server = await asked("the database server", () => serverIdentity(context, job));
  await asked("the clock", () => refuseSkew(context, job));
  const code = await asked("the image's apps", () => codeOf(job));
  const gates = await asked("its gates", () => judgeGates(context, job, past));
  problems.push(...(gates?.problems ?? []));
  const pending = await asked("the job queue", () => queue.pending());
  if (!past.first) await asked("the workers", () => refuseDeaf(queue, context.signal));
  await asked("the database server's other stacks", async () => {
    problems.push(...(await sharedSchemas(context, job)));
  });
  const standing: string[] = [];
  for (const site of job.sites.filter(({ state }) => state === "active")) {
    await asked("declared", () => refuseOdd(job, site));
    const { kind } = (await asked(site.name, () => standingOf(context, job, site))) ?? { kind: "unknown" };
    // What it is made with, as long as nothing depends on it.
    if (kind === "nothing" || kind === "begun") {
      await asked(site.name, () => credentialsOf(job, site.name));
      await asked(site.name, () => refuseUnwritable(job.backup.sitesFolder));
    }
    if (kind !== "kept") continue;
    standing.push(site.name);
    await asked(site.name, () => refuseShut(context, job, site.name));
    // Going back, what counts is the list of the seal, which the image had then.
    if (job.release.rollbackTo === undefined) await asked(site.name, () => refuseLostApps(context, job, site));
  }
  await asked("the backup repository", () => refuseLostBackups(context, past));
  return { standing, problems, facts: { server, pending, schemas: schemasOf(job), code, ...gates?.facts } };
}

/** Where there never was a repository, the first backup makes it. */
async function refuseLostBackups(context: Context, { backedUp }: Past): Promise<void> {
  const found = await findSnapshots(context);
  if (backedUp && (found === undefined || found.length === 0)) {
    const { repository } = context.job;
    throw new Error(
      `${found === undefined ? `there is none at ${repository}` : `${repository} is empty`}, and earlier releases have kept ` +
        "backups in one: put its address right, or bring it back; a new one would leave nothing to go back to",
    );
  }
}

/** Seconds in which a worker that was killed a moment ago is found to be no more, and one that starts begins to hear. */
const deafSeconds = 95;

/** RQ 1.15 on redis-py 4 no longer listens once Redis was restarted under it: it would neither rest nor leave when it is told to. */
export async function refuseDeaf(
  queue: Pick<Queue, "workers">,
  signal: AbortSignal,
  seconds = deafSeconds,
): Promise<void> {
  const until = Date.now() + seconds * 1_000;
  for (;;) {
    const deaf = (await queue.workers()).filter(({ hears }) => !hears);
    if (deaf.length === 0) return;
    if (Date.now() < until) {
      info("waiting", { for: `workers that do not hear: ${deaf.map(({ name }) => name).join(", ")}` });
      await sleep(5_000, undefined, { signal });
      continue;
    }
    const names = deaf.map(({ name, host }) => `${name}${host === "" ? "" : ` on ${host}`}`).join(", ");
    throw new Error(
      `${names} ${deaf.length === 1 ? "does" : "do"} not hear RQ's commands (the queue's Redis was restarted under them): ` +
        "restart the worker pods, then try again",
    );
  }
}

async function refuseSkew(context: Context, job: ReleaseJob): Promise<void> {
  const off = Math.round(Math.abs((await serverTime(context, job)) - Date.now()) / 1_000);
  if (!(off <= clockSkew)) {
    throw new Error(`it is ${off} s off the database server's: put the time of the nodes right (NTP), then try again`);
  }
}

/** An app that a site has and the image lacks would take the site down, and its data with it at the next clean-up. */
async function refuseLostApps(context: Context, job: ReleaseJob, { name }: ReleaseSiteSpec): Promise<void> {
  const installed = await installedApps(context, loginOf(job.backup, name));
  if (installed.length === 0) {
    throw new Error("its list of installed apps cannot be read; is its database whole?");
  }
  const lost = installed.filter((app) => !job.release.apps.some((each) => each.name === app));
  if (lost.length > 0) {
    throw new Error(
      `the image lacks ${lost.join(", ")}, which the site has: release an image with it, or uninstall it first`,
    );
  }
}
