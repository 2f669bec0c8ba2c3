/** What stands in a cluster beside the stack's own objects: pods that operators make, and what the stack file only refers to. */
import { labelsAt, valueAt, type KubernetesObject, type Labels } from "../judges/kubernetes-object.ts";
import type { StackRecording } from "../support/record-stack.ts";

/** Labels that each operator puts on a cluster's pods, for the field of its custom resource that adds ours. */
const operators: Record<string, { inherits: string; own: (name: string) => Labels }> = {
  MariaDB: {
    inherits: "inheritMetadata",
    own: (name) => ({ "app.kubernetes.io/name": "mariadb", "app.kubernetes.io/instance": name }),
  },
  Cluster: {
    inherits: "inheritedMetadata",
    own: (name) => ({ "cnpg.io/cluster": name, "cnpg.io/podRole": "instance" }),
  },
};

/** The database pods of an operator's cluster, with the labels that they get. */
export function operatorPods({ objects, plan }: StackRecording): KubernetesObject[] {
  return objects.flatMap((object) => {
    const operator = operators[object.kind];
    if (operator === undefined) return [];
    const { name = "", namespace = "" } = object.metadata;
    const labels = { ...labelsAt(object, "spec", operator.inherits, "labels"), ...operator.own(name) };
    const ports = [{ name: "database", containerPort: plan.database.port }];
    const spec = { containers: [{ name: "database", image: String(valueAt(object, "spec", "image")), ports }] };
    return [{ apiVersion: "v1", kind: "Pod", metadata: { name: `${name}-0`, namespace, labels }, spec }];
  });
}

/** An Issuer of the namespace's own is made by whoever runs the cluster, like the ClusterIssuer that other stacks name. */
export function issuers({ config }: StackRecording): KubernetesObject[] {
  const { kind, name } = config.edge.tls.issuer;
  if (kind !== "Issuer") return [];
  const metadata = { name, namespace: config.platform.namespace };
  return [{ apiVersion: "cert-manager.io/v1", kind, metadata, spec: { selfSigned: {} } }];
}
