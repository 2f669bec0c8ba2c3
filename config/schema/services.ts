/** Services beside the bench: what a company adds to its ERP, behind the same domains. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { hostname } from "./addresses.ts";
import { command, image, user, value, variable } from "./images.ts";
import { egress } from "./network.ts";
import { pattern, serviceName, wholeNumber } from "./primitives.ts";
import { replicas, resources } from "./workload.ts";

/** A path that a request's may begin with; its letters mean nothing to nginx. */
const routePath = pattern(
  /^(\/[A-Za-z0-9_-]+)+$/,
  "a path such as /api/portal: words of letters, digits, dashes and underscores, without a slash at the end",
  120,
);

const probePath = pattern(/^\/[A-Za-z0-9/_.-]*$/, "a path such as /healthz", 120);

/** Not the machine's own folders, and no way up. */
const folder = pattern(
  /^(?!\/(?:proc|sys|dev)(?:\/|$))(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.-]+)+$/,
  "the path of a folder such as /app/cache, not in /proc, /sys or /dev",
  200,
);

const route = z.strictObject({
  path: routePath.describe("Requests whose path is this or lies beneath it go to the service."),
  hosts: z
    .array(hostname)
    .min(1, { error: "expected at least one domain, or leave the key out for all" })
    .optional()
    .describe("Domains that it holds for; left out, every active one."),
  stripPath: z
    .boolean({ error: "expected true or false" })
    .default(false)
    .describe("Whether the service sees the rest of the path only."),
});

const service = z.strictObject({
  image,
  command,
  port: wholeNumber(1024, 65_535).describe(
    "TCP port that it serves HTTP on; below 1024 a user who is not root may not.",
  ),
  user,
  replicas: replicas(1),
  routes: z
    .array(route)
    .max(limits.serviceRoutes, { error: `expected at most ${limits.serviceRoutes} routes` })
    .default([])
    .describe("Paths of the sites' domains that lead to it."),
  env: z.record(variable, value).default({}).describe("Plain settings, by environment."),
  secrets: z
    .array(variable)
    .max(50, { error: "expected at most 50 secrets" })
    .default([])
    .describe("Variables whose values are secrets, each set as frappe:services.<service>.<VARIABLE>."),
  sentry: z
    .boolean({ error: "expected true or false" })
    .default(false)
    .describe(
      "Whether it reports to Sentry: SENTRY_DSN from the secret frappe:services.<service>.SENTRY_DSN, and release and environment.",
    ),
  health: z
    .strictObject({
      ready: probePath
        .default("/")
        .describe("Path that answers 200 to 399 when it can serve; it asks no site, since the sites start after it."),
      alive: probePath
        .optional()
        .describe("Path that answers while the process is sound; left out, its port is asked."),
    })
    .prefault({})
    .describe("How the kubelet knows its state."),
  timeout: wholeNumber(1, 3600, " seconds").default(60).describe("Seconds a request may take."),
  writable: z
    .array(folder)
    .max(10, { error: "expected at most 10 folders" })
    .default([])
    .describe("Further folders that it writes to and may lose; everything but /tmp is read-only."),
  callsFrappe: z
    .boolean({ error: "expected true or false" })
    .default(false)
    .describe("Whether it may ask the sites, at the address in FRAPPE_URL with the site's name as Host."),
  egress: egress.describe("What it may reach outside. Everything else is refused."),
  resources: resources("50m", "256Mi", "16Mi"),
});

export const services = z
  .record(serviceName, service)
  .refine((all) => Object.keys(all).length <= limits.services, {
    error: `expected at most ${limits.services} services`,
  })
  .default({})
  .describe("Services beside the bench, by name.");
