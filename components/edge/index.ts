/** Certificates by cert-manager, and the Gateway or Ingress that sends every declared domain to nginx. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { sitesRoute } from "../../constants/canary.ts";
import { ports } from "../../constants/ports.ts";
import type { CertificatePlan, EdgePlan } from "../../topology/edge.ts";
import { stackLabels } from "../../topology/labels.ts";
import { declaredRules, everyPath } from "../../topology/route.ts";
import { Component, patience, token, type RoomArgs } from "../shared/component.ts";

interface Args extends RoomArgs {
  /** Service that requests go to. */
  readonly service: pulumi.Input<string>;
}

type Gateway = Extract<EdgePlan, { kind: "gateway" }>;
type Ingress = Extract<EdgePlan, { kind: "ingress" }>;

interface CustomObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly condition?: string;
  readonly force?: boolean;
}

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

  /**
   * @param condition Of its status, that `up` waits for. Left out, it is enough that the object stands.
   * @param force Whether fields become ours that another writer set last: the shares of a canary are written on routes.
   */
  #custom(
    { apiVersion, kind, name, condition, force }: CustomObject,
    spec: pulumi.Inputs,
    dependsOn: pulumi.Resource[] = [],
  ) {
    const logicalName = `${kind.toLowerCase()}-${name}`;
    const annotations = {
      ...(condition !== undefined && { "pulumi.com/waitFor": `condition=${condition}` }),
      ...(force === true && { "pulumi.com/patchForce": "true" }),
    };
    const metadata = { ...this.#metadata(name), ...(Object.keys(annotations).length > 0 && { annotations }) };
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
    this.#custom(
      { apiVersion: gatewayApi, kind: "HTTPRoute", name: "to-https" },
      {
        parentRefs: [parent(redirectListener)],
        rules: [
          {
            matches: everyPath,
            filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", statusCode: 301 } }],
          },
        ],
      },
      [gateway],
    );
    routes.forEach((sections, index) => {
      this.#custom(
        { apiVersion: gatewayApi, kind: "HTTPRoute", name: `${sitesRoute}${index}`, force: true },
        {
          parentRefs: sections.map(parent),
          rules: declaredRules(this.#args.service),
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
