/** `npm run cluster -- build|up|down|status`: the cluster of the tests, by hand. */
import { CoreV1Api } from "@kubernetes/client-node";
import { buildImages } from "../images/index.ts";
import { configOf } from "./api.ts";
import { buildCluster, runningCluster, startCluster, stopCluster } from "./index.ts";

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function status(): Promise<void> {
  const cluster = await runningCluster();
  if (cluster === undefined) {
    say("no cluster runs");
    return;
  }
  const { items } = await configOf(cluster.kubeconfig).makeApiClient(CoreV1Api).listPodForAllNamespaces();
  say(`export KUBECONFIG=${cluster.kubeconfig}`);
  for (const { metadata, status } of items) say(`${metadata?.namespace}/${metadata?.name} ${status?.phase}`);
}

async function build() {
  await buildCluster(say);
  return buildImages();
}

const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  build,
  up: async () => {
    const images = await build();
    await startCluster({ images }, say);
    await status();
  },
  down: () => stopCluster(),
  status,
};

const [name = "", ...rest] = process.argv.slice(2);
const command = commands[name];
try {
  if (command === undefined || rest.length > 0) throw new Error("usage: npm run cluster -- build|up|down|status");
  await command();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
