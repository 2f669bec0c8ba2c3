import { root } from "../engine/root.ts";
import { usualKubeconfig } from "./cluster.ts";
import { runCommand, whoAsks } from "./command.ts";
import { restore } from "./restore.ts";

await runCommand(() => {
  const terminal = { input: process.stdin, output: process.stdout, interactive: process.stdin.isTTY };
  return restore(process.argv.slice(2), {
    root,
    kubeconfig: usualKubeconfig(),
    terminal,
    by: whoAsks(),
    now: new Date(),
  });
});
