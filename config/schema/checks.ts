/** Checks of the stack's own: what a release must pass, beside what every one has to, before traffic moves to it. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { hostname } from "./addresses.ts";
import { command, image as imagePin, user, value, variable } from "./images.ts";
import { dnsLabel, pattern, wholeNumber } from "./primitives.ts";
import { resources } from "./workload.ts";

const shared = {
  site: hostname.describe("Site that it looks at."),
  timeout: wholeNumber(5, 7200, " seconds")
    .default(600)
    .describe("Seconds that it may take; then it is ended, and has failed."),
};

/** What changes the ground that a release stands on, or waits for somebody. */
const notForChecks = [
  ...["new-site", "drop-site", "reinstall", "restore", "partial-restore", "migrate", "install-app", "uninstall-app"],
  ...["remove-from-installed-apps", "set-config", "set-maintenance-mode", "scheduler", "enable-scheduler", "use"],
  ...["disable-scheduler", "console", "mariadb", "postgres", "serve", "start", "schedule", "worker", "worker-pool"],
];

/** What speaks against a command of bench as a check. */
function problemOf(command: string): string | undefined {
  if (!/^[a-z][a-z0-9_-]*$/.test(command)) return "expected a command of bench such as run-tests";
  return notForChecks.includes(command)
    ? "expected a command that checks: this one changes what a release stands on, or does not end"
    : undefined;
}

/** The site is the check's; `--site` behind a command would name another one. */
const argument = pattern(
  /^(?!--site(?:=|$))[^\0\r\n]+$/,
  "a word of the command, and the site under site instead of --site",
  1000,
);

const bench = z.strictObject({
  kind: z.literal("bench").describe("A command of bench, with the new code."),
  ...shared,
  args: z
    .array(argument)
    .min(1, { error: "expected a command of bench such as run-tests, and its arguments" })
    .max(limits.checkWords, { error: `expected at most ${limits.checkWords} words` })
    .superRefine(([command = ""], context) => {
      const message = problemOf(command);
      if (message !== undefined) context.addIssue({ code: "custom", path: [0], message, input: command });
    })
    .describe(
      "Command and its arguments, such as [run-tests, --app, my_app]. What it writes stays, so its site has to be disposable.",
    ),
});

const script = z.strictObject({
  kind: z.literal("script").describe("Python in the site's context, with the new code; all of it is rolled back."),
  ...shared,
  text: pattern(/^(?=\s*\S)[^\0]*$/, "the text of a Python script, nothing secret in it", limits.checkScript).describe(
    "The script. An exception, or an exit code, is a failure.",
  ),
});

const image = z.strictObject({
  kind: z
    .literal("image")
    .describe("A program in an image of its own, which asks the site over HTTP as a browser does."),
  ...shared,
  image: imagePin,
  command,
  user,
  env: z
    .record(variable, value)
    .refine((all) => Object.keys(all).length <= limits.checkVariables, {
      error: `expected at most ${limits.checkVariables} variables`,
    })
    .default({})
    .describe("Plain settings, by environment, beside CHECK_URL, BASE_URL, CHECK_SITE and CHECK_RELEASE."),
  resources: resources("250m", "1Gi", "16Mi"),
});

export const checks = z
  .record(
    dnsLabel.max(30, { error: "expected at most 30 characters" }),
    z.discriminatedUnion("kind", [bench, script, image], { error: "expected kind bench, script or image" }),
  )
  .refine((all) => Object.keys(all).length <= limits.checks, { error: `expected at most ${limits.checks} checks` })
  .default({})
  .describe("Checks of your own, by name: each release has to pass them before traffic moves to it.");
