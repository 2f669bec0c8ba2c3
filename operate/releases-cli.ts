import { root } from "../engine/root.ts";
import { usualKubeconfig } from "./cluster.ts";
import { endNow, runCommand } from "./command.ts";
import { releases } from "./releases.ts";

await runCommand(() =>
  releases(process.argv.slice(2), { root, kubeconfig: usualKubeconfig(), output: process.stdout }),
);
endNow();
