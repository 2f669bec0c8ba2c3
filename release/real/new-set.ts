/** The new set as users will meet it, asked at its own addresses while traffic still goes to the old one. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { info } from "../../backup/log.ts";
import type { ReleaseJob } from "../job.ts";
import { get } from "../sites/http.ts";
import type { Probe } from "../sites/health.ts";

const pauseMs = 3_000;

/** What a site has against it there: `problemOf` while it is open, `problemOfClosed` in maintenance. */
type Look = (context: Context, job: ReleaseJob, probe: Probe) => Promise<string | undefined>;

/** Asks until everything is well, or its time is up. @returns the problem that was left then */
export async function inspectNewSet(context: Context, job: ReleaseJob, look: Look): Promise<string | undefined> {
  const until = Date.now() + job.limits.verify * 1_000;
  for (;;) {
    const problem = await problemOfSet(context, job, look);
    if (problem === undefined || Date.now() > until) return problem;
    info("waiting", { for: problem });
    await sleep(pauseMs, undefined, { signal: context.signal });
  }
}

async function problemOfSet(context: Context, job: ReleaseJob, look: Look): Promise<string | undefined> {
  const { nginx, socketio } = job.endpoints;
  for (const site of job.sites.filter(({ state }) => state === "active").map(({ name }) => name)) {
    const problem = await look(context, job, { site, endpoint: nginx });
    if (problem !== undefined) return problem;
    for (const endpoint of socketio) {
      const answer = await get(endpoint, site, "/socket.io/?EIO=4&transport=polling", {
        signal: context.signal,
        seconds: 20,
      });
      if (answer.status !== 200) return `socketio at ${endpoint}: ${answer.status ?? answer.problem}`;
    }
  }
  return undefined;
}
