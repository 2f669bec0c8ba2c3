/**
 * `npm run test:cluster`: the tests of tests/cluster on a real Kubernetes that is started for them and stopped after them, however
 * they end. A platform on MariaDB is lived through in one process, and all else beside it in a second: pods wait more than they work.
 * The last line is plain: `N passed, N failed, N skipped`. A cluster that cannot start is a failure, never a skip.
 */
import { constants } from "node:os";
import { endJobs, runJob, say, summarise } from "../support/mocha.ts";
import { type Counts, none, totals } from "../support/reporter.ts";
import { buildImages } from "./images/index.ts";
import { startCluster, stopCluster } from "./node/index.ts";

const folder = "tests/cluster";
const options = ["--config", `${folder}/mocharc.yml`];
const minutes = 60;

const lanes = [
  { name: "cluster/mariadb", files: [`${folder}/mariadb.spec.ts`] },
  {
    name: "cluster/postgres and the rest",
    files: ["postgres.spec.ts", "*-green.spec.ts", "{images,node,providers}/**/*.spec.ts"].map(
      (each) => `${folder}/${each}`,
    ),
  },
];

async function everything(): Promise<Counts> {
  // What both would build, and start, comes first.
  await startCluster({ images: await buildImages() });
  // One is shown as it comes, the other in one piece when it has ended.
  return summarise(await Promise.all(lanes.map((job, lane) => runJob(job, { live: lane === 0, options, minutes }))));
}

let ended: number | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    ended = 128 + constants.signals[signal];
    void endJobs();
  });
}

const wanted = process.argv.slice(2);
const some = async () =>
  summarise([await runJob({ name: "cluster", files: wanted }, { live: true, options, minutes })]);

const counts = none();
const trouble = (what: string) => (error: unknown) => {
  say(`  FAILED: ${what}: ${error instanceof Error ? error.message : String(error)}`);
  counts.failed += 1;
};
await (wanted.length > 0 ? some() : everything())
  .then((done) => Object.assign(counts, done))
  .catch(trouble("the cluster did not start"));
await stopCluster().catch(trouble("the cluster was not stopped"));
process.exitCode = ended ?? (counts.failed > 0 || counts.passed === 0 ? 1 : 0);
say(`\n${totals(counts)}`);
