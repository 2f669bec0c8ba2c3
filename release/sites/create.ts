/**
 * Makes a declared site, once. The database and its user are ours, so that no administrator's password reaches Frappe's commands; Frappe fills
 * them. What a killed or failed try of ours has left is taken away first; what is anybody else's is refused, untouched.
 */
import { randomBytes } from "node:crypto";
import type { Context } from "../../backup/context.ts";
import { ownFile } from "../../backup/context.ts";
import { installedApps } from "../../backup/installed-apps.ts";
import { info } from "../../backup/log.ts";
import { type Login, loginOf } from "../../backup/login.ts";
import { changeSiteConfig, siteFolder, writeAtomically } from "../../backup/sites.ts";
import { bench, installApp, setScheduler } from "../bench/commands.ts";
import type { ReleaseJob, ReleaseSiteSpec } from "../job.ts";
import { ensureDatabase } from "../server.ts";
import { makeFolder, markDatabase, markMade, removeBegun, standingOf } from "./begun.ts";
import { concealAll, credentialsOf, type SiteCredentials } from "./credentials.ts";
import { problemOf } from "./health.ts";
import { adminOf, siteServer } from "./server.ts";
import { applySettings, checkSettings, schedulerOn } from "./settings.ts";
import { repairUser } from "./user.ts";

export interface CreateOptions {
  /** Base URL of a web of this release's code, where the new site is looked at. */
  readonly endpoint: string;
  /** The site's own address for links in mail (`host_name`), such as `https://erp.example.com`. */
  readonly address?: string;
  /** Its scheduler stays paused (`pause_scheduler`), until whoever makes it lets it go. */
  readonly paused?: boolean;
}

/**
 * Makes a site with its apps, settings and scheduler, and looks whether it is well. It bears our mark until `keepSite` (begun.ts); until
 * then `removeBegun` takes it away again.
 * @returns what there was to do: "stands" for a site that is like all others, and was not looked at further.
 * @throws with the cause and the remedy; what this try has made stays for the next one to take away.
 */
export async function createSite(
  context: Context,
  job: ReleaseJob,
  site: ReleaseSiteSpec,
  options: CreateOptions,
): Promise<"made" | "made before" | "stands"> {
  refuseOdd(job, site);
  const credentials = credentialsOf(job, site.name);
  const standing = await standingOf(context, job, site);
  if (standing.kind === "kept") {
    // Says so where the configuration names another database.
    loginOf(job.backup, site.name);
    return "stands";
  }
  if (standing.kind === "begun" && standing.made) {
    await refuseSick(context, job, site, options);
    return "made before";
  }
  if (standing.kind === "begun") await removeBegun(context, job, site);
  await make(context, job, site, options, credentials);
  await markMade(context, job, site);
  info("site made", { site: site.name, apps: site.apps });
  return "made";
}

/** @throws for a declaration that no site can be made of, or grow to */
export function refuseOdd({ release }: Pick<ReleaseJob, "release">, site: ReleaseSiteSpec): void {
  checkSettings(site);
  if (site.apps[0] !== "frappe") throw new Error(`${site.name}: its apps begin with ${site.apps[0]}, expected frappe`);
  const missing = site.apps.filter((app) => !release.apps.some(({ name }) => name === app));
  if (missing.length === 0) return;
  throw new Error(`${site.name} wants ${missing.join(", ")}, which the image does not have: release an image with it`);
}

async function make(
  context: Context,
  job: ReleaseJob,
  site: ReleaseSiteSpec,
  options: CreateOptions,
  credentials: SiteCredentials,
): Promise<void> {
  const step = (name: string) => info("making a site", { site: site.name, step: name });
  // Frappe hands the password on to the database's client in argv: what is seen there opens nothing once the site is made.
  const once: Login = { schema: site.schema, user: site.schema, password: randomBytes(20).toString("hex") };
  concealAll(once.password);
  const login = { ...once, password: credentials.databasePassword };
  const server = siteServer(job);
  const admin = adminOf(context, job, site.schema);

  const foreign = await server.foreignRights(admin, once);
  if (foreign.length > 0) {
    throw new Error(
      `the database user ${site.schema} is there, and has more than ${site.schema}: ${foreign.join(", ")}; ` +
        "give the site another schema, or take the user away yourself",
    );
  }
  step("database");
  await ensureDatabase(context, job, site.schema);
  await markDatabase(context, job, site);
  await repairUser(context, job, once);

  step("folder");
  makeFolder(job, site.name);
  writeConfig(job, site, { ...options, password: once.password, key: credentials.encryptionKey });

  step("new-site");
  await newSite(context, job, site, credentials.adminPassword);

  step("apps");
  await growSite(context, job, site, once);

  step("settings");
  await applySettings(context, job, site);
  if (!(await schedulerOn(context, job, once))) await setScheduler(context, job, site.name, true);

  step("password");
  await server.setPassword(admin, login);
  changeSiteConfig(job.backup, site.name, { db_password: login.password, maintenance_mode: undefined });

  step("health");
  await refuseSick(context, job, site, options);
  if (options.paused !== true) changeSiteConfig(job.backup, site.name, { pause_scheduler: undefined });
}

async function refuseSick(
  context: Context,
  job: ReleaseJob,
  { name }: ReleaseSiteSpec,
  { endpoint }: CreateOptions,
): Promise<void> {
  const problem = await problemOf(context, job, { site: name, endpoint });
  if (problem !== undefined) throw new Error(`the new site is not well: ${problem}`);
}

/** Installs declared apps that the site does not have yet; answers which. @throws when one is not there after it */
export async function growSite(
  context: Context,
  job: ReleaseJob,
  site: ReleaseSiteSpec,
  login: Login = loginOf(job.backup, site.name),
): Promise<readonly string[]> {
  const wanted = await missingApps(context, job, site, login);
  for (const app of wanted) {
    info("installing an app", { site: site.name, app });
    await installApp(context, job, site.name, app);
  }
  const missing = await missingApps(context, job, site, login);
  if (missing.length > 0) throw new Error(`${site.name} lacks ${missing.join(", ")} after their installation`);
  return wanted;
}

/** Declared apps that the site does not have, in the declared order. */
export async function missingApps(
  context: Context,
  { backup }: ReleaseJob,
  { name, apps }: ReleaseSiteSpec,
  login: Login = loginOf(backup, name),
): Promise<readonly string[]> {
  const installed = await installedApps(context, login);
  return apps.filter((app) => !installed.includes(app));
}

interface ConfigOptions extends CreateOptions {
  readonly password: string;
  readonly key: string;
}

/**
 * The site's configuration, before Frappe could write one: it keeps the one that it finds (frappe/installer.py, make_site_config). So no password
 * stands in argv, and the encryption key is there before anything is encrypted, where Frappe would make one of its own.
 */
function writeConfig({ backup }: ReleaseJob, site: ReleaseSiteSpec, { address, password, key }: ConfigOptions): void {
  const config = {
    db_name: site.schema,
    db_password: password,
    db_type: backup.database.engine,
    encryption_key: key,
    ...(address !== undefined && { host_name: address }),
    // Schedulers and webs that run see the folder at once.
    maintenance_mode: 1,
    pause_scheduler: 1,
  };
  writeAtomically(
    `${siteFolder(backup, site.name)}/site_config.json`,
    `${JSON.stringify(config, undefined, 1)}\n`,
    0o640,
  );
}

/** Fills the empty database. `--force` is for the folder, which is ours and there already; the database it leaves alone with `--no-setup-db`. */
async function newSite(context: Context, job: ReleaseJob, site: ReleaseSiteSpec, password: string): Promise<void> {
  // Frappe asks for the Administrator's password, 15 twice, 16 once, and reads it from here where there is no terminal.
  const input = ownFile(context, "admin-password", `${password}\n${password}\n`);
  const database = ["--db-type", job.backup.database.engine, "--db-name", site.schema, "--no-setup-db", "--force"];
  const apps = site.apps.slice(1).flatMap((app) => ["--install-app", app]);
  await bench(context, job, ["new-site", site.name, ...database, ...apps], { seconds: job.limits.createSite, input });
}
