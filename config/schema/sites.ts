/** Sites are data, not resources: a thousand of them are one list. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { hostname } from "./addresses.ts";
import { appName, schemaName } from "./primitives.ts";
import { sessionExpiry } from "./quantities.ts";

/** Files that stand beside the sites' directories. */
const benchFiles = ["apps.txt", "apps.json", "currentsite.txt"];
const siteName = hostname.refine((name) => !benchFiles.includes(name), {
  error: "expected another name: a file of the bench is called so, in the directory that holds the sites",
});

const settings = z
  .strictObject({
    sessionExpiry: sessionExpiry.default("12:00").describe("Idle time after which a session ends, hh:mm."),
    denyMultipleSessions: z
      .boolean({ error: "expected true or false" })
      .default(true)
      .describe("Whether a new login ends the user's other sessions."),
  })
  .prefault({})
  .describe("System settings that the release step enforces.");

const site = z.strictObject({
  name: siteName.describe("The site's name: its directory and its main domain."),
  domains: z
    .array(hostname)
    .max(limits.domainsPerSite, { error: `expected at most ${limits.domainsPerSite} domains` })
    .default([])
    .describe("Further domains that this site answers to."),
  apps: z
    .array(appName)
    .min(1, { error: "expected at least the app frappe" })
    .max(limits.appsPerImage, { error: `expected at most ${limits.appsPerImage} apps` })
    .refine((names) => new Set(names).size === names.length, { error: "expected each app once" })
    .describe("Apps installed in the site, in order; frappe first."),
  schema: schemaName.optional().describe("Name of the site's database schema; left out, derived from the site's name."),
  state: z
    .enum(["active", "archived"], { error: "expected active or archived" })
    .default("active")
    .describe("archived: out of routing, its data kept. A site is never dropped by leaving it out."),
  disposable: z
    .boolean({ error: "expected true or false" })
    .optional()
    .describe("Whether checks may write to it: a site for tests, whose data nobody needs."),
  settings,
});

export const sites = z
  .array(site)
  .min(1, { error: "expected at least one site" })
  .max(limits.sites, { error: `expected at most ${limits.sites} sites: one bench's list is one object of 1 MiB` })
  .describe("The sites of the bench.");
