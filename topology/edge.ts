/** How requests come in: certificates for every declared domain, and the Gateway or Ingress that leads to nginx. */
import { activeHosts, coveringWildcard } from "../config/hosts.ts";
import type { EdgeConfig, StackConfig } from "../config/stack.ts";
import { limits } from "../constants/limits.ts";
import { certificateName, listenerName, names } from "./names.ts";

export interface CertificatePlan {
  /** Certificate and its Secret. */
  readonly name: string;
  readonly hosts: readonly string[];
  readonly issuer: EdgeConfig["tls"]["issuer"];
}

export interface ListenerPlan {
  readonly name: string;
  readonly host: string;
  readonly certificate: string;
}

interface Common {
  readonly className: string;
  readonly certificates: readonly CertificatePlan[];
  /** Whether an update waits until they are issued. */
  readonly awaitsCertificates: boolean;
}

export type EdgePlan =
  | (Common & {
      readonly kind: "gateway";
      readonly name: string;
      readonly listeners: readonly ListenerPlan[];
      /** Listeners by route: a route has a bounded number of parents. */
      readonly routes: readonly (readonly string[])[];
    })
  | (Common & {
      readonly kind: "ingress";
      readonly name: string;
      /** Hosts by certificate, a wildcard standing for all that it covers. */
      readonly tls: readonly { readonly hosts: readonly string[]; readonly certificate: string }[];
      readonly hosts: readonly string[];
    });

export const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/** Hosts that are asked for at the edge: each wildcard once, and every domain that none covers. */
function edgeHosts({ edge, sites }: StackConfig): { wildcards: readonly string[]; single: string[] } {
  const { wildcards } = edge.tls;
  return { wildcards, single: activeHosts(sites).filter((host) => !coveringWildcard(host, wildcards)) };
}

function certificates(config: StackConfig): CertificatePlan[] {
  const { wildcards, single } = edgeHosts(config);
  const groups = [...wildcards.map((wildcard) => [wildcard]), ...chunks(single, config.edge.tls.hostsPerCertificate)];
  return groups.map((hosts) => ({ name: certificateName(hosts[0] ?? ""), hosts, issuer: config.edge.tls.issuer }));
}

export function planEdge(config: StackConfig): EdgePlan {
  const { kind, className } = config.edge;
  const planned = certificates(config);
  const awaitsCertificates = config.edge.tls.await;
  switch (kind) {
    case "gateway": {
      const listeners = planned.flatMap(({ name, hosts }) =>
        hosts.map((host) => ({ name: listenerName(host), host, certificate: name })),
      );
      const routes = chunks(
        listeners.map(({ name }) => name),
        limits.routeParents,
      );
      return { kind, className, name: names.gateway, certificates: planned, awaitsCertificates, listeners, routes };
    }
    case "ingress":
      return {
        kind,
        className,
        name: names.ingress,
        certificates: planned,
        awaitsCertificates,
        tls: planned.map(({ name, hosts }) => ({ hosts, certificate: name })),
        hosts: planned.flatMap(({ hosts }) => hosts),
      };
  }
}
