/** How many pods evictions may take at once. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { selectorOf, stackLabels } from "../../../topology/labels.ts";
import type { WorkloadPlan } from "../../../topology/types.ts";
import type { Placement } from "./kubernetes.ts";

/**
 * For each component that can spare one: evictions take one pod at a time, of two releases together where both stand. A DaemonSet's
 * pods are never evicted by a drain, so it has none.
 *
 * @param child Options of a child by its logical name.
 */
export function renderBudgets(
  { plan, namespace }: Placement,
  workloads: readonly WorkloadPlan[],
  child: (logicalName: string) => pulumi.CustomResourceOptions,
): void {
  const pods = new Map<string, number>();
  for (const { component, replicas } of workloads.filter(({ kind }) => kind !== "node")) {
    pods.set(component, (pods.get(component) ?? 0) + replicas);
  }
  for (const [component, count] of pods) {
    if (count < 2) {
      continue;
    }
    new k8s.policy.v1.PodDisruptionBudget(
      `${component}-budget`,
      {
        metadata: { name: component, namespace, labels: stackLabels(plan.identity) },
        spec: {
          maxUnavailable: 1,
          unhealthyPodEvictionPolicy: "AlwaysAllow",
          selector: { matchLabels: selectorOf(component) },
        },
      },
      child(`${component}-budget`),
    );
  }
}
