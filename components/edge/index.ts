/** Certificates by cert-manager, and the Gateway or Ingress that sends every declared domain to nginx. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { ports } from "../../constants/ports.ts";
import type { CertificatePlan, EdgePlan } from "../../topology/edge.ts";
import { stackLabels } from "../../topology/labels.ts";
import { Component, patience, token, type RoomArgs } from "../shared/component.ts";

interface Args extends RoomArgs {
  /** Service that requests go to. */
  readonly service: pulumi.Input<string>;
}

type Gateway = Extract<EdgePlan, { kind: "gateway" }>;
type Ingress = Extract<EdgePlan, { kind: "ingress" }>;

const gatewayApi = "gateway.networking.k8s.io/v1";
const redirectListener = "http";

export class Edge extends Component {
  readonly #args: Args;

  constructor(name: string, args: Args, opts?: pulumi.ComponentResourceOptions) {
    super(token("edge", "Edge"), name, {}, opts);
    this.#args = args;
    const { edge } = args.plan;
    for (const certificate of edge.certificates) {
      this.#certificate(certificate);
    }
    switch (edge.kind) {
      case "gateway":
        this.#gateway(edge);
        break;
      case "ingress":
        this.#ingress(edge);
        break;
    }
    this.registerOutputs({});
  }

  #metadata(name: string) {
    return { name, namespace: this.#args.namespace, labels: stackLabels(this.#args.plan.identity) };
  }

  /** @param condition Of its status, that `up` waits for. Left out, it is enough that the object stands. */
  #custom(
    { apiVersion, kind, name, condition }: { apiVersion: string; kind: string; name: string; condition?: string },
    spec: pulumi.Inputs,
    dependsOn: pulumi.Resource[] = [],
  ) {
    const logicalName = `${kind.toLowerCase()}-${name}`;
    const annotations = condition !== undefined && { annotations: { "pulumi.com/waitFor": `condition=${condition}` } };
    const metadata = { ...this.#metadata(name), ...annotations };
    const special = { dependsOn, ...patience(this.#args.plan) };
    return new k8s.apiextensions.CustomResource(
      logicalName,
      { apiVersion, kind, metadata, spec },
      this.child(logicalName, special),
    );
  }

  #certificate({ name, hosts, issuer }: CertificatePlan) {
    const condition = this.#args.plan.edge.awaitsCertificates && { condition: "Ready" };
    this.#custom(
      { apiVersion: "cert-manager.io/v1", kind: "Certificate", name, ...condition },
      {
        secretName: name,
        dnsNames: [...hosts],
        issuerRef: { group: "cert-manager.io", kind: issuer.kind, name: issuer.name },
        // A key that leaked once is of no use after the next renewal.
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
        usages: ["digital signature", "server auth"],
      },
    );
  }

  #gateway({ name, className, listeners, routes }: Gateway) {
    const allowedRoutes = { namespaces: { from: "Same" } };
    const gateway = this.#custom(
      { apiVersion: gatewayApi, kind: "Gateway", name, condition: "Programmed" },
      {
        gatewayClassName: className,
        listeners: [
          { name: redirectListener, port: ports.http, protocol: "HTTP", allowedRoutes },
          ...listeners.map(({ name: listener, host, certificate }) => ({
            name: listener,
            port: ports.https,
            protocol: "HTTPS",
            hostname: host,
            tls: { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", name: certificate }] },
            allowedRoutes,
          })),
        ],
      },
    );
    const parent = (sectionName: string) => ({
      group: "gateway.networking.k8s.io",
      kind: "Gateway",
      name,
      sectionName,
    });
    const match = [{ path: { type: "PathPrefix", value: "/" } }];
    this.#custom(
      { apiVersion: gatewayApi, kind: "HTTPRoute", name: "to-https" },
      {
        parentRefs: [parent(redirectListener)],
        rules: [
          {
            matches: match,
            filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } }],
          },
        ],
      },
      [gateway],
    );
    routes.forEach((sections, index) => {
      this.#custom(
        { apiVersion: gatewayApi, kind: "HTTPRoute", name: `sites-${index}` },
        {
          parentRefs: sections.map(parent),
          rules: [
            {
              matches: match,
              backendRefs: [{ group: "", kind: "Service", name: this.#args.service, port: ports.nginx, weight: 1 }],
            },
          ],
        },
        [gateway],
      );
    });
  }

  #ingress({ name, className, tls, hosts }: Ingress) {
    new k8s.networking.v1.Ingress(
      name,
      {
        metadata: this.#metadata(name),
        spec: {
          ingressClassName: className,
          tls: tls.map(({ hosts: covered, certificate }) => ({ hosts: [...covered], secretName: certificate })),
          rules: hosts.map((host) => ({
            host,
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name: this.#args.service, port: { number: ports.nginx } } },
                },
              ],
            },
          })),
        },
      },
      this.child(name, patience(this.#args.plan)),
    );
  }
}
