/**
 * `npm test`: lint, types and format, then every test but tests/cluster, in twice as many processes as there are processors.
 * A step that fails does not hide the next one. The last line is plain: `N passed, N failed, N skipped`, the steps counted too.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism, constants } from "node:os";
import path from "node:path";
import { jobsOf } from "./support/jobs.ts";
import { endJobs, type Job, type Outcome, repository, runJob, say, summarise } from "./support/mocha.ts";
import { type Counts, totals } from "./support/reporter.ts";

/** Runs one step with its output shown as it comes; true when it ended well. */
function step(name: string, command: string, ...args: string[]): boolean {
  say(`\n=== ${name}`);
  const started = performance.now();
  const { status, signal, error } = spawnSync(command, args, {
    cwd: repository,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const ending = error?.message ?? (signal === null ? `exit ${status}` : `ended by ${signal}`);
  say(`=== ${name}: ${status === 0 ? "passed" : `FAILED (${ending})`} in ${seconds} s`);
  return status === 0;
}

const npm = (script: string) => step(script, "npm", "run", "--silent", script);

async function tests(waiting: Job[]): Promise<Counts> {
  const started = performance.now();
  const outcomes: Outcome[] = [];
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const outcome = await runJob(job);
      outcomes.push(outcome);
      const failed = outcome.counts.failed === 0 ? "passed" : `FAILED (${outcome.trouble ?? totals(outcome.counts)})`;
      say(`=== ${job.name}: ${failed} in ${timesOf(outcome)}`);
    }
  };
  // The suites of releases wait for servers, and for each other, more than half of their time.
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, work));
  const slowest = outcomes.toSorted((one, other) => other.seconds - one.seconds).slice(0, 10);
  say(`\n  slowest\n${slowest.map((each) => `    ${each.job.name}: ${timesOf(each)}`).join("\n")}`);
  const counts = summarise(outcomes);
  const state = counts.failed === 0 ? "passed" : `FAILED (${totals(counts)})`;
  say(`=== tests: ${state} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return counts;
}

const timesOf = ({ seconds, results }: Outcome) =>
  `${seconds.toFixed(1)} s${results === undefined ? "" : ` (${results.cpuSeconds.toFixed(1)} s of a processor)`}`;

// `npm test -- backup live/nginx` runs the jobs whose names begin so, and no checks.
const wanted = process.argv.slice(2);
const jobs = jobsOf(path.join(repository, "tests")).filter(
  ({ name }) => wanted.length === 0 || wanted.some((each) => name.startsWith(each)),
);
const checks = wanted.length === 0 ? ["lint", "types", "format:check"].map(npm) : [];
let ended: number | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    ended = 128 + constants.signals[signal];
    jobs.length = 0;
    void endJobs();
  });
}
const counts = await tests(jobs);
counts.passed += checks.filter((passed) => passed).length;
counts.failed += checks.filter((passed) => !passed).length;
process.exitCode = ended ?? (counts.failed > 0 || counts.passed === 0 ? 1 : 0);
say(`\n${totals(counts)}`);
