/**
 * A real Kubernetes on one node of this machine, for tests: API server, controllers, kubelet, containerd, volumes, names and enforced
 * network policies. Nothing of it leaves namespaces of its own but the API, on a port of loopback. It begins empty.
 */
import { run, tail, type Ended } from "../../../engine/run.ts";
import { apiReady, configOf, makeAddons, namesReady, nodeReady, waitFor } from "./api.ts";
import { buildBinaries, type Say } from "./binaries.ts";
import { containerdSocketOf } from "./configs.ts";
import { importArchives, ownArchives, type Archive, type Enter } from "./images.ts";
import { begin, end, isComplete, markApiReady, markComplete, pidFileOf, requireAlive } from "./life.ts";
import { withLock } from "./lock.ts";
import { requireMachine } from "./machine.ts";
import { requirePackages } from "./packages.ts";
import { firstProcessOf } from "./processes.ts";
import { nodeAddress, nodeName, placesOf, type Places } from "./settings.ts";

export interface Cluster {
  /** File for clients outside the node: the API server on a port of loopback. */
  readonly kubeconfig: string;
  readonly context: typeof nodeName;
  /** Runs a command in the node's namespaces, where Services and pods have their addresses. @param options `seconds` is its deadline. */
  readonly enter: Enter;
  readonly node: { readonly address: string };
  /** First words of a command that asks the node's containerd, to be run by `enter`. */
  readonly ctr: readonly [string, ...string[]];
}

export interface ClusterOptions {
  /** Images that pods may use: there is no registry. They may also come later, with another call. */
  readonly images?: readonly Archive[];
  /** A second cluster of another name is another one, with data and addresses of its own. */
  readonly name?: string;
}

const quiet: Say = (line) => void process.stderr.write(`    ${line}\n`);

/**
 * Installs and builds what a cluster needs; later calls find it.
 * @throws MachineError where this machine can hold none, Error in the words of apt or Go.
 */
export async function buildCluster(say = quiet): Promise<readonly Archive[]> {
  return (await prepare(say)).archives;
}

async function prepare(say: Say) {
  await requireMachine();
  await requirePackages();
  const binaries = await buildBinaries(say);
  return { binaries, archives: await ownArchives(binaries) };
}

/** Starts the cluster, or gives the one that runs. What a killed start left behind is ended first. */
export async function startCluster(
  { images = [], name = nodeName }: ClusterOptions = {},
  say = quiet,
): Promise<Cluster> {
  const places = placesOf(name);
  const { binaries, archives } = await prepare(say);
  return withLock(places, async () => {
    const started = performance.now();
    const cluster = clusterOf(places);
    const alive = () => requireAlive(places);
    if (await isComplete(places)) {
      await importArchives(places, images, cluster.enter, say);
      return cluster;
    }
    await end(places);
    await begin(places, binaries);
    try {
      const importing = containerdReady(places, cluster.enter).then(() =>
        importArchives(places, [...archives, ...images], cluster.enter, say),
      );
      await Promise.all([importing, startKubernetes(places, alive)]);
    } catch (error) {
      await end(places);
      throw error;
    }
    await markComplete(places);
    say(`the cluster ${name} is up after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return cluster;
  });
}

async function startKubernetes(places: Places, alive: () => Promise<void>): Promise<void> {
  const config = configOf(places.kubeconfig);
  await waitFor({ what: "the API server is ready", alive }, () => apiReady(config));
  await markApiReady(places);
  await makeAddons(config, alive);
  await waitFor({ what: "the node is ready", alive }, () => nodeReady(config));
  await waitFor({ what: "names are answered", alive }, () => namesReady(config));
}

/**
 * Waits for containerd, and takes what a life before this one left in it: containers whose pods no API server knows any more.
 * It would go on believing in them, so that it is started again without.
 */
async function containerdReady(places: Places, enter: Enter): Promise<void> {
  const ctr = ctrOf(places);
  const answers = () =>
    waitFor({ what: "containerd answers", alive: () => requireAlive(places) }, async () => {
      return (await enter([...ctr, "version"])).code === 0;
    });
  await answers();
  const { stdout } = await enter([...ctr, "containers", "list", "--quiet"]);
  const left = stdout.split("\n").filter(Boolean);
  if (left.length === 0) return;
  const { code, stderr } = await enter([...ctr, "containers", "delete", ...left], { seconds: 120 });
  if (code !== 0) throw new Error(`containers of a cluster before could not be deleted: ${tail(stderr)}`);
  await enter(["sh", "-c", 'kill -9 "$(cat "$0")"', pidFileOf(places.run, "containerd")]);
  await answers();
}

const ctrOf = (places: Places): Cluster["ctr"] => [
  "ctr",
  ...["--address", containerdSocketOf(places), "--namespace", "k8s.io"],
];

/** Ends the cluster with all it did: processes, mounts, control groups, ports, data. Does nothing where none is. */
export async function stopCluster(name: string = nodeName): Promise<void> {
  const places = placesOf(name);
  await withLock(places, () => end(places));
}

/** The cluster of a name that runs, or undefined. */
export async function runningCluster(name: string = nodeName): Promise<Cluster | undefined> {
  const places = placesOf(name);
  return (await isComplete(places)) ? clusterOf(places) : undefined;
}

function clusterOf(places: Places): Cluster {
  const enter = async (argv: readonly [string, ...string[]], { seconds = 60 } = {}): Promise<Ended> => {
    const first = await firstProcessOf(places);
    if (first === undefined) throw new Error(`the cluster ${places.name} does not run`);
    const nsenter = ["nsenter", "--target", String(first.pid), "--mount", "--net", "--pid"] as const;
    return run([...nsenter, "--", ...argv], { seconds });
  };
  return {
    kubeconfig: places.kubeconfig,
    context: nodeName,
    enter,
    node: { address: nodeAddress },
    ctr: ctrOf(places),
  };
}
