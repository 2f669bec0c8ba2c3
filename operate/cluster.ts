/** The cluster of a stack, as the kubeconfig file names it. */
import { ApiException, BatchV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import type { StackConfig } from "../config/stack.ts";

/** Something that a person has to put right before the command can go on. */
export class OperateError extends Error {}

/** The API server has taken a question and given no answer in time. */
export class NoAnswerError extends Error {}

export interface Cluster {
  readonly namespace: string;
  readonly batch: BatchV1Api;
  readonly core: CoreV1Api;
  /** For what its clients do not serve: logs that are followed, programs that are run in a pod. */
  readonly kubeconfig: KubeConfig;
  /** Context of the kubeconfig file, for messages. */
  readonly context: string;
}

/** The kubeconfig file of whoever runs the command, as kubectl finds it. */
export function usualKubeconfig(): KubeConfig {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromDefault();
  return kubeconfig;
}

/** Where in the kubeconfig file a stack stands; without a context, in its current one. */
export interface Place {
  readonly context?: string | undefined;
  readonly namespace: string;
}

export const connect = ({ platform }: StackConfig, kubeconfig: KubeConfig): Cluster => connectTo(platform, kubeconfig);

/** @throws OperateError where the kubeconfig file has no such context. */
export function connectTo({ context, namespace }: Place, kubeconfig: KubeConfig): Cluster {
  if (context !== undefined) {
    if (kubeconfig.getContextObject(context) === null) {
      const known = kubeconfig.getContexts().map(({ name }) => name);
      throw new OperateError(
        `no context ${context} in the kubeconfig file, which frappe:platform.context names; it has ${known.join(", ") || "none"}`,
      );
    }
    kubeconfig.setCurrentContext(context);
  }
  return {
    namespace,
    batch: kubeconfig.makeApiClient(BatchV1Api),
    core: kubeconfig.makeApiClient(CoreV1Api),
    kubeconfig,
    context: kubeconfig.getCurrentContext(),
  };
}

/** An answer of the API server, or undefined where it says that there is no such thing. */
export async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) {
      return undefined;
    }
    throw error;
  }
}

/** What an error of the API server, or of the way to it, comes to in one line; undefined for any other error. */
export function clusterMessage(error: unknown): string | undefined {
  if (error instanceof ApiException) {
    const body = typeof error.body === "string" ? error.body : JSON.stringify(error.body);
    const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? body.slice(0, 300);
    return `the API server answered ${error.code}: ${message}`;
  }
  return error instanceof NoAnswerError || (error instanceof Error && error.name === "FetchError")
    ? `the API server does not answer: ${error.message}`
    : undefined;
}
