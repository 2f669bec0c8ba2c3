/**
 * Requests that were let in before a site was closed go on after it, and may still write: what they are told is kept must be in the seal.
 * Frappe holds a connection for as long as a request or a job runs (frappe/app.py, frappe.destroy), so the server knows who is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { info } from "../../backup/log.ts";
import { loginOf } from "../../backup/login.ts";
import type { ReleaseJob } from "../job.ts";
import { adminOf, siteServer } from "./server.ts";

const pauseMs = 1_000;

/**
 * Waits until the site's database user has no session left.
 * @param seconds that whoever is at work has to end.
 * @throws with the sessions that are left then; none is ended
 */
export async function untilQuiet(context: Context, job: ReleaseJob, site: string, seconds: number): Promise<void> {
  const login = loginOf(job.backup, site);
  const { anywhere } = adminOf(context, job, login.schema);
  const until = performance.now() + seconds * 1_000;
  let told = false;
  for (;;) {
    const left = (await anywhere(siteServer(job).sessions(login))).map(
      ([id, from, age]) => `session ${id} from ${from === "" ? "the server itself" : from}, at it for ${age} s`,
    );
    if (left.length === 0) return;
    if (performance.now() > until) {
      throw new Error(
        `${site}: writes are closed, and ${left.length} of those who came before are still at work after ${seconds} s: ${left.slice(0, 5).join("; ")}`,
      );
    }
    if (!told) info("waiting", { for: `${site}: ${left.length} requests that came before writes were closed` });
    told = true;
    await sleep(pauseMs, undefined, { signal: context.signal });
  }
}
