/** What speaks against a release, found before anything is changed; every problem at once, each with its remedy. */
import type { Context } from "../../backup/context.ts";
import { installedApps } from "../../backup/installed-apps.ts";
import { messageOf } from "../../backup/log.ts";
import { loginOf } from "../../backup/login.ts";
import { findSnapshots } from "../../backup/repository.ts";
import type { Queue } from "../queue/index.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";
import { adminClient, serverIdentity } from "../server.ts";
import { standingOf } from "../sites/begun.ts";
import type { Inspection } from "../world.ts";

/** Seconds that the clocks of this pod and of the database may differ: deadlines are counted by both. */
const clockSkew = 60;

const now = {
  mariadb: "SELECT UNIX_TIMESTAMP(NOW(3))",
  postgres: "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
} as const;

export async function inspect(context: Context, job: ReleaseJob, queue: Queue): Promise<Inspection> {
  const problems: string[] = [];
  const asked = async <Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer | undefined> => {
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
  const pending = await asked("the job queue", () => queue.pending());
  const standing: string[] = [];
  for (const site of job.sites.filter(({ state }) => state === "active")) {
    const { kind } = (await asked(site.name, () => standingOf(context, job, site))) ?? { kind: "nothing" };
    if (kind !== "kept") continue;
    standing.push(site.name);
    await asked(site.name, () => refuseLostApps(context, job, site));
  }
  await asked("the backup repository", async () => {
    // Where there is none yet, the first backup makes it.
    await findSnapshots(context);
  });
  return { standing, problems, facts: { server, pending } };
}

async function refuseSkew(context: Context, job: ReleaseJob): Promise<void> {
  const client = adminClient(context, job);
  const [[seconds] = []] = await client.query(now[client.engine]);
  const off = Math.round(Math.abs(Number(seconds) - Date.now() / 1000));
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
