/** Pods of the platform under test: which there are, what they say, and commands in them. */
import { PassThrough } from "node:stream";
import {
  ApiException,
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  Exec,
  KubeConfig,
  NetworkingV1Api,
  V1Pod,
} from "@kubernetes/client-node";
import type { V1Status } from "@kubernetes/client-node";

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Api {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly network: NetworkingV1Api;
  readonly custom: CustomObjectsApi;
  readonly exec: Exec;
  readonly config: KubeConfig;
}

export function connectTo(kubeconfig: string, context: string): Api {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  config.setCurrentContext(context);
  return {
    config,
    core: config.makeApiClient(CoreV1Api),
    apps: config.makeApiClient(AppsV1Api),
    batch: config.makeApiClient(BatchV1Api),
    network: config.makeApiClient(NetworkingV1Api),
    custom: config.makeApiClient(CustomObjectsApi),
    exec: new Exec(config),
  };
}

export const pause = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

/**
 * Asks until the answer is there.
 * @throws Error at the deadline, with what was waited for and the last answer or error.
 */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined | false>,
  every = 1,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) {
        return answer;
      }
      last = answer;
    } catch (error) {
      last = error;
    }
    await pause(every);
  }
  throw new Error(`${what}: not within ${seconds} s; last: ${last instanceof Error ? last.message : String(last)}`);
}

/** Runs a command in a container; a non-zero exit is a result. */
export function execute(
  { exec }: Api,
  pod: { readonly namespace: string; readonly name: string; readonly container: string },
  argv: readonly string[],
  seconds = 60,
): Promise<Said> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  let [stdout, stderr] = ["", ""];
  out.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  err.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      reject(new Error(`${argv.join(" ")} in ${pod.name} did not end within ${seconds} s\n${stdout}\n${stderr}`));
    }, seconds * 1000);
    const finish = (status: V1Status) => {
      clearTimeout(deadline);
      const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
      const code = status.status === "Success" ? 0 : Number(cause ?? NaN);
      if (Number.isNaN(code)) {
        reject(new Error(`${argv.join(" ")} in ${pod.name}: ${status.message ?? "no exit code"}`));
        return;
      }
      resolve({ code, stdout, stderr });
    };
    exec
      .exec(pod.namespace, pod.name, pod.container, [...argv], out, err, null, false, finish)
      .catch((error: unknown) => {
        clearTimeout(deadline);
        reject(error instanceof Error ? error : new Error(String(error)));
      });
  });
}

/** Makes something, unless it is there already: a cluster may stand from a run before. */
export async function unlessThere(made: Promise<unknown>): Promise<void> {
  try {
    await made;
  } catch (error) {
    if (!(error instanceof ApiException && error.code === 409)) {
      throw error;
    }
  }
}

/** Whether every container of the pod is ready, and nobody has asked it to end. */
export const isReady = (pod: V1Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined &&
  (pod.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");

export const nameOf = (item: { metadata?: { name?: string } }): string => item.metadata?.name ?? "";
export const componentOf = (item: { metadata?: { labels?: Record<string, string> } }): string =>
  item.metadata?.labels?.["app.kubernetes.io/component"] ?? "";

/** Pods of a namespace that are not ended, of one component where that is given. */
export async function podsOf({ core }: Api, namespace: string, component?: string): Promise<V1Pod[]> {
  const labelSelector = component === undefined ? undefined : `app.kubernetes.io/component=${component}`;
  const { items } = await core.listNamespacedPod({ namespace, ...(labelSelector && { labelSelector }) });
  return items.filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
}
