/**
 * `npm run test:cluster`: the tests of tests/cluster on a real Kubernetes that is started for them and stopped after them, however
 * they end. A platform on MariaDB is lived through in one process, and all else beside it in a second: pods wait more than they work.
 * The last line is plain: `N passed, N failed, N skipped`. A cluster that cannot start is a failure, never a skip.
 */
import { existsSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { endJobs, type Job, type Outcome, repository, runJob, say, summarise } from "../support/mocha.ts";
import { type Counts, none, totals } from "../support/reporter.ts";
import { buildImages } from "./images/index.ts";
import { startCluster, stopCluster } from "./node/index.ts";
import { nodeName, trialName } from "./node/settings.ts";

const folder = "tests/cluster";
const options = ["--config", `${folder}/mocharc.yml`];
const minutes = 60;

/** Every test file is in one of them. That of Postgres comes first: the other one's last chapter waits for it. */
function lanes(): readonly Job[] {
  const [mariadb, postgres] = [`${folder}/mariadb.spec.ts`, `${folder}/postgres.spec.ts`] as const;
  for (const file of [mariadb, postgres]) {
    if (!existsSync(path.join(repository, file))) throw new Error(`${file} is missing`);
  }
  const files = readdirSync(path.join(repository, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".spec.ts"))
    .map((file) => `${folder}/${file}`);
  const rest = files.filter((file) => file !== mariadb && file !== postgres).sort();
  return [
    { name: "cluster/mariadb", files: [mariadb] },
    { name: "cluster/postgres and the rest", files: [postgres, ...rest] },
  ];
}

let ended: number | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    ended = 128 + constants.signals[signal];
    void endJobs();
  });
}

const counts = none();
const said = (error: unknown) => (error instanceof Error ? error.message : String(error));
const trouble = (what: string) => (error: unknown) => {
  say(`  FAILED: ${what}: ${said(error)}`);
  counts.failed += 1;
};

async function everything(): Promise<Counts> {
  const jobs = lanes();
  // What both would build, and start, comes first.
  await startCluster({ images: await buildImages() });
  if (ended !== undefined) throw new Error("told to end");
  // One is shown as it comes, the other in one piece when it has ended.
  const running = jobs.map((job, lane) => runJob(job, { live: lane === 0, options, minutes }));
  const outcomes: Outcome[] = [];
  for (const [lane, outcome] of (await Promise.allSettled(running)).entries()) {
    if (outcome.status === "fulfilled") outcomes.push(outcome.value);
    else trouble(jobs[lane]?.name ?? "")(outcome.reason);
  }
  return summarise(outcomes);
}

const wanted = process.argv.slice(2);
const some = async () =>
  summarise([await runJob({ name: "cluster", files: wanted }, { live: true, options, minutes })]);

await (wanted.length > 0 ? some() : everything())
  .then(({ passed, failed, skipped }) => {
    counts.passed += passed;
    counts.failed += failed;
    counts.skipped += skipped;
  })
  .catch(trouble("the tests were not run"));
for (const name of [nodeName, trialName]) await stopCluster(name).catch(trouble(`the cluster ${name} was not stopped`));
process.exitCode = ended ?? (counts.failed > 0 || counts.passed === 0 ? 1 : 0);
say(`\n${totals(counts)}`);
