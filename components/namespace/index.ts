/** The namespace that the stack owns, closed to pods that ask for more than they need. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { labels } from "../../constants/labels.ts";
import { stackLabels } from "../../topology/labels.ts";
import type { StackPlan } from "../../topology/plan.ts";
import { Component, dataLifetime, token } from "../shared/component.ts";

/** Service accounts by room: none of them may do anything, and no pod is given its token. */
export const serviceAccounts = ["bench", "database", "redis", "services", "backup", "release", "monitoring"] as const;

export class StackNamespace extends Component {
  /** Known only when the namespace is: whatever uses it comes after it. */
  readonly namespace: pulumi.Output<string>;

  constructor(name: string, { plan }: { plan: StackPlan }, opts?: pulumi.ComponentResourceOptions) {
    super(token("namespace", "StackNamespace"), name, {}, opts);
    const namespace = new k8s.core.v1.Namespace(
      "namespace",
      {
        metadata: {
          name: plan.platform.namespace,
          labels: {
            ...stackLabels(plan.identity),
            [labels.holdsData]: "true",
            [labels.podSecurityEnforce]: "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
            "pod-security.kubernetes.io/audit": "restricted",
          },
        },
      },
      this.child("namespace", dataLifetime(plan)),
    );
    this.namespace = namespace.metadata.name;
    for (const account of serviceAccounts) {
      new k8s.core.v1.ServiceAccount(
        account,
        {
          metadata: { name: account, namespace: this.namespace, labels: stackLabels(plan.identity) },
          automountServiceAccountToken: false,
        },
        this.child(account),
      );
    }
    this.registerOutputs({ namespace: this.namespace });
  }
}
