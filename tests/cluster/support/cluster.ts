/** The one cluster of a test run, with what a platform finds in its cluster: kinds, their controllers' words, an edge. */
import { buildImages, type Archive } from "../images/index.ts";
import { startCluster, type Cluster } from "../node/index.ts";
import { startControllers } from "./controllers.ts";
import { installDefinitions } from "./definitions.ts";
import { makeEdge } from "./platform.ts";
import { connectTo, type Api } from "./pods.ts";
import { enterCluster, quitCluster } from "./users.ts";

export interface Site {
  readonly cluster: Cluster;
  readonly archives: readonly Archive[];
  readonly api: Api;
}

let ready: Promise<Site> | undefined;
let controllers: { stop(): Promise<void> } | undefined;

/** Milliseconds: what a machine that has never done this needs, building included. */
export const clusterTimeout = 2_400_000;

async function start(): Promise<Site> {
  await enterCluster();
  const archives = await buildImages();
  const cluster = await startCluster({ images: archives });
  const api = connectTo(cluster.kubeconfig, cluster.context);
  await installDefinitions(api);
  await makeEdge(api);
  controllers = startControllers(api);
  return { cluster, archives, api };
}

/** Starts it at the first call. */
export const theCluster = (): Promise<Site> => (ready ??= start());

/** Ends what runs in this process; the cluster itself is stopped by whoever runs the tests. */
export async function leaveCluster(): Promise<void> {
  await controllers?.stop();
  await quitCluster();
}
