/**
 * Stands in for Pulumi's Kubernetes provider (4.34) where its plugin cannot be downloaded. It talks to a real API server. What it does
 * alike: server-side apply with a manager for each object, refusal of what exists already, autonames, replacement rules, waits and their
 * annotations (skipAwait, timeoutSeconds, waitFor, patchForce, patchFieldManager, deletionPropagationPolicy), refresh by the fields that
 * were applied. What it does not have: client-side apply, Patch and List kinds, Helm, Kustomize, YAML files, rendering to a folder,
 * filters in JSONPath, waits for kinds that we do not declare.
 */
import type { ApplyingPackage } from "../provider.ts";
import { clusters, replacedBy } from "./cluster.ts";
import { kubernetesProvider } from "./provider.ts";

/** @param kubeconfig File of the cluster, where the program's provider arguments name none; without it, as kubectl finds it. */
export function kubernetes(kubeconfig?: string): ApplyingPackage & { close(): void } {
  const known = clusters(kubeconfig);
  return {
    name: "kubernetes",
    configure: async (config) => kubernetesProvider(await known.of(config)),
    replacedBy,
    close: () => known.close(),
  };
}
