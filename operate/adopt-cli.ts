import { findEngine } from "../engine/find.ts";
import { root } from "../engine/root.ts";
import { adopt } from "./adopt.ts";
import { usualKubeconfig } from "./cluster.ts";
import { runCommand } from "./command.ts";

await runCommand(async () => {
  const engine = await findEngine((line) => void process.stderr.write(`${line}\n`));
  const setting = { pulumi: { engine, root }, kubeconfig: usualKubeconfig(), output: process.stdout };
  return adopt(process.argv.slice(2), setting);
});
