/** The release runner: the steps of a release, on the configuration file that RELEASE_CONFIG names. */
import { parseArgs } from "node:util";
import { openContext } from "../backup/context.ts";
import { failure, info, messageOf } from "../backup/log.ts";
import { asksCode } from "../constants/checks.ts";
import { readConfig } from "./config.ts";
import { readOutcomes } from "./real/heard.ts";
import { cacheUrl, configurationFile, stopPoint, queueUrl } from "./environment.ts";
import { runStep, type Step, StepFailed, steps } from "./steps.ts";

const usage = `usage: ${steps.join("|")} [--by NAME]
       verify [--by NAME] --checked OUTCOMES`;

const options = { by: { type: "string" }, checked: { type: "string" } } as const;

const isStep = (verb: string | undefined): verb is Step => steps.some((step) => step === verb);

async function main(argv: readonly string[]): Promise<void> {
  const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  const [verb, ...more] = positionals;
  if (!isStep(verb) || more.length > 0) throw new Error(usage);
  if (values.checked !== undefined && verb !== "verify") throw new Error(usage);
  const file = configurationFile();
  if (file === undefined) throw new Error("RELEASE_CONFIG is not set: it names the configuration file");
  const job = readConfig(file);
  const checked = values.checked === undefined ? undefined : readOutcomes(values.checked, job);
  const context = openContext(job.backup, job.limits.whole);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => context.abort(new Error(`called off by ${signal}`)));
  }
  try {
    const [queue, cache] = [queueUrl(), cacheUrl()];
    if (queue === undefined) throw new Error("FRAPPE_REDIS_QUEUE is not set: it names the job queue");
    if (cache === undefined) throw new Error("FRAPPE_REDIS_CACHE is not set: it names the cache");
    const asked = { by: values.by ?? "", queueUrl: queue, cacheUrl: cache, checked, point };
    const done = await runStep(context, job, verb, asked);
    if (!done) process.exitCode = asksCode;
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

main(process.argv.slice(2)).catch((error: unknown) => {
  failure("failed", { cause: messageOf(error), ...(error instanceof StepFailed && { state: error.state }) });
  process.exitCode = 1;
});
