import { hostname } from "node:os";
import { findEngine } from "../engine/find.ts";
import { root } from "../engine/root.ts";
import { usualKubeconfig } from "./cluster.ts";
import { runCommand } from "./command.ts";
import { recover } from "./recover.ts";

await runCommand(async () => {
  const engine = await findEngine((line) => void process.stderr.write(`${line}\n`));
  const pulumi = { engine, root };
  return recover(process.argv.slice(2), {
    pulumi,
    kubeconfig: usualKubeconfig(),
    output: process.stdout,
    host: hostname(),
  });
});
