import { usualKubeconfig } from "./cluster.ts";
import { endNow, runCommand, whoAsks } from "./command.ts";
import { runStep } from "./step.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => stop.abort());
}
await runCommand(() =>
  runStep(process.argv.slice(2), {
    kubeconfig: usualKubeconfig(),
    input: process.stdin,
    output: process.stdout,
    progress: process.stderr,
    by: whoAsks(),
    signal: stop.signal,
  }),
);
endNow();
