/** What the start of a cluster asks of its API server. */
import { ApiException, AppsV1Api, CoreV1Api, KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import type { KubernetesObject } from "@kubernetes/client-node";
import { setTimeout as sleep } from "node:timers/promises";
import { addons } from "./addons.ts";
import { nodeName } from "./settings.ts";

/** Seconds that each step of a start may take on a busy machine. */
const patience = 120;

export interface Watched {
  readonly what: string;
  /** Throws where waiting on makes no sense. */
  readonly alive: () => Promise<void>;
}

/** Asks until the answer is true. An answer that the API server refuses or does not give counts as false, and is told at the end. */
export async function waitFor({ what, alive }: Watched, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patience * 1000;
  let last = "not so";
  while (performance.now() < deadline) {
    try {
      if (await holds()) return;
      last = "not so";
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      last = error.message;
    }
    await alive();
    await sleep(100);
  }
  throw new Error(`${what}: not within ${patience} s; last: ${last}`);
}

export function configOf(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config;
}

/** Whether the API server takes requests, with all that it makes for itself at its start made. */
export async function apiReady(config: KubeConfig): Promise<boolean> {
  await config.makeApiClient(CoreV1Api).readNamespace({ name: "kube-system" });
  return (await config.makeApiClient(CoreV1Api).listNamespace()).items.length > 0;
}

export async function makeAddons(config: KubeConfig, alive: () => Promise<void>): Promise<void> {
  const client = KubernetesObjectApi.makeApiClient(config);
  for (const addon of addons) {
    const what = `${addon.kind} ${addon.metadata?.name} can be made`;
    await waitFor({ what, alive }, () => made(client, addon));
  }
}

async function made(client: KubernetesObjectApi, addon: KubernetesObject): Promise<boolean> {
  try {
    await client.create(addon);
  } catch (error) {
    // Made by an attempt whose answer was lost.
    if (!(error instanceof ApiException && error.code === 409)) throw error;
  }
  return true;
}

export async function nodeReady(config: KubeConfig): Promise<boolean> {
  const { status } = await config.makeApiClient(CoreV1Api).readNode({ name: nodeName });
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}

export async function namesReady(config: KubeConfig): Promise<boolean> {
  const apps = config.makeApiClient(AppsV1Api);
  const { status } = await apps.readNamespacedDeployment({ name: "coredns", namespace: "kube-system" });
  return (status?.readyReplicas ?? 0) > 0;
}
