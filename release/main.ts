/** The release runner: the steps of a release, and what stands in the ledger, on the configuration file that RELEASE_CONFIG names. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openContext } from "../backup/context.ts";
import { failure, info, messageOf } from "../backup/log.ts";
import type { ReleaseJob } from "./job.ts";
import { configurationFile, stopPoint, queueUrl } from "./environment.ts";
import { openLedger, runStep, type Step, steps } from "./steps.ts";

const usage = `usage: ${steps.join("|")} [--by NAME]
       ledger --json [--release ID]`;

const options = { by: { type: "string" }, json: { type: "boolean" }, release: { type: "string" } } as const;

function readJob(): ReleaseJob {
  const file = configurationFile();
  if (file === undefined) throw new Error("RELEASE_CONFIG is not set: it names the configuration file");
  return JSON.parse(readFileSync(file, "utf8")) as ReleaseJob;
}

const isStep = (verb: string | undefined): verb is Step => steps.some((step) => step === verb);

async function main(argv: readonly string[]): Promise<void> {
  const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  const [verb, ...more] = positionals;
  if (more.length > 0) throw new Error(usage);
  const job = readJob();
  const context = openContext(job.backup, job.limits.whole);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => context.abort(new Error(`called off by ${signal}`)));
  }
  try {
    if (isStep(verb)) {
      const url = queueUrl();
      if (url === undefined) throw new Error("FRAPPE_REDIS_QUEUE is not set: it names the job queue");
      await runStep(context, job, verb, { by: values.by ?? "", queueUrl: url, point });
    } else if (verb === "ledger") {
      await printLedger(await openLedger(context, job), values.release);
    } else {
      throw new Error(usage);
    }
  } finally {
    context.close();
  }
}

function point(name: string): void {
  if (stopPoint() === name) {
    info("stopped", { at: name });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}

async function printLedger(ledger: Awaited<ReturnType<typeof openLedger>>, only: string | undefined): Promise<void> {
  const releases = [];
  for (const release of await ledger.releases()) {
    if (only !== undefined && release.id !== only) continue;
    const sites = await ledger.sites(release.id);
    releases.push({ ...release, sites, ...(only !== undefined && { events: await ledger.events(release.id) }) });
  }
  process.stdout.write(`${JSON.stringify({ releases })}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  failure("failed", { cause: messageOf(error) });
  process.exitCode = 1;
});
