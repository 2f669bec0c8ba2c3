/** A site's database user, put right where it is missing or broken. */
import type { Context } from "../../backup/context.ts";
import { info } from "../../backup/log.ts";
import { type Login, loginOf } from "../../backup/login.ts";
import type { ReleaseJob } from "../job.ts";
import { databaseExists } from "../server.ts";
import { concealAll } from "./credentials.ts";
import { adminOf, logsIn, siteServer } from "./server.ts";

/**
 * Makes a user what its site needs: it exists, from any address, with all rights on its schema and none beside, and with the password that
 * the site's configuration has. Says what it did; nothing, where nothing was to be done.
 * @throws when it still cannot log in, with what may keep it out.
 */
export async function repairUser(context: Context, job: ReleaseJob, login: Login): Promise<readonly string[]> {
  concealAll(login.password);
  if (!(await databaseExists(context, job, login.schema))) {
    throw new Error(`there is no database ${login.schema}: restore the site from its backup`);
  }
  const server = siteServer(job);
  const admin = adminOf(context, job, login.schema);
  const done = [...(await server.ensureUser(admin, login))];
  if ((await logsIn(context, login)) !== true) {
    await server.setPassword(admin, login);
    done.push("set its password");
    const why = await logsIn(context, login);
    if (why !== true) {
      const hindrance = await server.hindrance(admin, login);
      throw new Error(`${login.user} cannot log in to ${login.schema}: ${why}${hindrance && `; ${hindrance}`}`);
    }
  }
  if (done.length > 0) info("database user put right", { schema: login.schema, done });
  return done;
}

/** As `repairUser`, for a site that stands: what its configuration says is what must work. */
export const repairSiteUser = (context: Context, job: ReleaseJob, site: string): Promise<readonly string[]> =>
  repairUser(context, job, loginOf(job.backup, site));
