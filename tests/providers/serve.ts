/** `serve.ts [--kubeconfig FILE] [--directory FOLDER]`: prints PULUMI_DEBUG_PROVIDERS' value, and serves until stdin closes or SIGTERM. */
import { parseArgs } from "node:util";
import { startProviders } from "./index.ts";

const { values } = parseArgs({ options: { kubeconfig: { type: "string" }, directory: { type: "string" } } });
const { kubeconfig, directory = process.cwd() } = values;
const providers = await startProviders({ directory, ...(kubeconfig !== undefined && { kubeconfig }) });

function leave(): void {
  providers.stop();
  process.exit();
}

process.once("SIGTERM", leave);
process.once("SIGINT", leave);
process.stdin.once("close", leave).once("end", leave).resume();
process.stdout.write(`${providers.attach}\n`);
