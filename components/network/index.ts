/** Who may talk to whom: nobody, but for the table. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { selectorOf, stackLabels } from "../../topology/labels.ts";
import { Component, token, type RoomArgs } from "../shared/component.ts";
import { policySpecs } from "./policies.ts";

export class Network extends Component {
  constructor(name: string, { plan, namespace }: RoomArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token("network", "Network"), name, {}, opts);
    const policy = (logicalName: string, spec: k8s.types.input.networking.v1.NetworkPolicySpec) =>
      new k8s.networking.v1.NetworkPolicy(
        logicalName,
        { metadata: { name: logicalName, namespace, labels: stackLabels(plan.identity) }, spec },
        this.child(logicalName),
      );
    policy("default-deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    for (const { component, ingress, egress } of policySpecs(plan.network)) {
      policy(`allow-${component}`, {
        podSelector: { matchLabels: { ...selectorOf(component) } },
        policyTypes: ["Ingress", "Egress"],
        ingress,
        egress,
      });
    }
    this.registerOutputs({});
  }
}
