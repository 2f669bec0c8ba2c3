// A cluster beside that of the other suites, so that these may kill it, with the one image that its pods need.
import path from "node:path";
import { debianRoot } from "../../images/rootfs.ts";
import { connectTo, execute, isReady, until, type Api, type Said } from "../../support/pods.ts";
import { cachedArchive } from "../images.ts";
import { startCluster, stopCluster, type Cluster } from "../index.ts";
import { helperImage, placesOf, trialName } from "../settings.ts";

export const places = placesOf(trialName);

export async function startTrial(): Promise<Cluster> {
  const { base } = await debianRoot();
  const image = { names: [helperImage], config: { Cmd: ["/bin/bash"] } };
  const archive = await cachedArchive(path.basename(path.dirname(base)), image, base);
  return startCluster({ name: trialName, images: [archive] });
}

export const stopTrial = (): Promise<void> => stopCluster(trialName);
export const apiOf = ({ kubeconfig, context }: Cluster): Api => connectTo(kubeconfig, context);

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly volumes?: readonly object[];
  readonly mounts?: readonly object[];
}

/** A pod that runs one command of the shell, as root; it is not waited for. */
export async function makePod(
  { core }: Api,
  namespace: string,
  name: string,
  command: string,
  options: PodOptions = {},
) {
  const { labels = {}, volumes = [], mounts = [] } = options;
  const container = { name: "it", image: helperImage, imagePullPolicy: "Never", command: ["sh", "-c", command] };
  const body = {
    metadata: { name, labels: { app: name, ...labels } },
    spec: {
      terminationGracePeriodSeconds: 0,
      restartPolicy: "Never",
      containers: [{ ...container, volumeMounts: mounts }],
      volumes,
    },
  };
  await core.createNamespacedPod({ namespace, body: body as never });
}

export const makeNamespace = ({ core }: Api, name: string, labels: Readonly<Record<string, string>> = {}) =>
  core.createNamespace({ body: { metadata: { name, labels } } });

/** Address of the pod, once it is ready. */
export const addressOf = ({ core }: Api, namespace: string, name: string): Promise<string> =>
  until(`${namespace}/${name} is ready`, 40, async () => {
    const pod = await core.readNamespacedPod({ namespace, name });
    return isReady(pod) && pod.status?.podIP;
  });

/** Exit code of a pod's command, once it has ended. */
export const exitOf = ({ core }: Api, namespace: string, name: string): Promise<string> =>
  until(`${namespace}/${name} has ended`, 40, async () => {
    const { status } = await core.readNamespacedPod({ namespace, name });
    const code = status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
    return code !== undefined && `exit ${code}`;
  });

/** Runs a command of the shell in a pod that runs. */
export const inPod = (api: Api, namespace: string, name: string, command: string): Promise<Said> =>
  execute(api, { namespace, name, container: "it" }, ["sh", "-c", command]);
