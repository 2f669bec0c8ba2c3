/**
 * `npm run test:cluster`: the tests of tests/cluster on a real Kubernetes that is started for them and stopped after them, however
 * they end. The last line is plain: `N passed, N failed, N skipped`. A cluster that cannot start is a failure, never a skip.
 */
import { stopCluster } from "./node/index.ts";
import { mocha, say } from "../support/mocha.ts";
import { totals } from "../support/reporter.ts";

const specs = process.argv.slice(2);
const everything = ["tests/cluster/**/*.spec.ts"];

const counts = await mocha(specs.length > 0 ? specs : everything, ["--config", "tests/cluster/mocharc.yml"], 60);
try {
  await stopCluster();
} catch (error) {
  say(`the cluster was not stopped: ${error instanceof Error ? error.message : String(error)}`);
  counts.failed += 1;
}
if (counts.failed > 0) process.exitCode = 1;
say(`\n${totals(counts)}`);
