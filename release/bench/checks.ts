/** What a check of the stack's own runs: a command of `bench`, or a script that leaves nothing behind. */
import type { Context } from "../../backup/context.ts";
import { environmentWith } from "../environment.ts";
import type { ReleaseCheck, ReleaseJob } from "../job.ts";
import { benchProgram, ofSite, ran } from "./commands.ts";

/**
 * Commands that run an app's tests. Where they may not, Frappe says so and ends with 0, and up to 15 it ends with 0 when a test fails, too;
 * unless `CI` is set, which allows tests and tells of failures in every version (frappe/commands/utils.py, frappe/commands/testing.py).
 * So nothing is written into the site's configuration, and no kill can leave `allow_tests` there.
 */
const testCommands: readonly string[] = ["run-tests", "run-parallel-tests"];

/** unittest counts what it ran, Frappe 16 what it is about to run; an app without tests ends well, too. */
const anyTest = /\bRan [1-9]\d* tests?\b|\bRunning [1-9]\d* .*\btests? for\b/;

/** Frappe's own door to a site, without its commit: `bench execute` keeps what was written, `bench console` hides exceptions. */
const runner = `
import sys
import frappe

site, file = sys.argv[1:]
frappe.init(site)
frappe.connect()
# Whatever the script calls may want to commit.
frappe.db.commit = lambda *args, **more: None
try:
    with open(file, encoding="utf-8") as text:
        code = compile(text.read(), file, "exec")
    exec(code, {"__name__": "__main__", "__file__": file, "frappe": frappe})
finally:
    frappe.db.rollback()
    frappe.destroy()
`;

/** A check that is made in the step's own container. */
export type HereCheck = Exclude<ReleaseCheck, { kind: "image" }>;

/** Makes one check. @throws BenchFailure when it fails, is killed, or is late; or when no test has run */
export async function makeCheck(context: Context, job: ReleaseJob, check: HereCheck): Promise<void> {
  const { site, limit: seconds } = check;
  if (check.kind === "script") {
    const { folder } = job.bench;
    const argv = [`${folder}/env/bin/python`, "-c", runner, site, check.file] as const;
    await ran(context, { what: `its script on ${site}`, argv, cwd: `${folder}/sites` }, { seconds });
    return;
  }
  const program = benchProgram(job, ofSite(site, ...check.args));
  if (!testCommands.includes(check.args[0] ?? "")) {
    await ran(context, program, { seconds });
    return;
  }
  const { stdout, stderr } = await ran(context, program, { seconds, env: environmentWith({ CI: "true" }) });
  if (!anyTest.test(`${stdout}\n${stderr}`)) {
    throw new Error(`${program.what} ended well without a test: does the app have any, and the image its tests?`);
  }
}
