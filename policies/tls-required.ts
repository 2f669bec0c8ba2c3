/** Nothing is served to the outside without TLS: at the Gateway or the Ingress, and never around them. */
import { at, fields, items, notKnown, shown, text } from "./shared/known.ts";
import type { Finding, Resource, Rule } from "./shared/rule.ts";

const gatewayKind = "gateway.networking.k8s.io/Gateway";
/** HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute. */
const routeKind = /^gateway\.networking\.k8s\.io\/\w+Route$/;

const specOf = (resource: Resource) => at(resource.props, "spec");
const nameOf = (resource: Resource) => at(resource.props, "metadata", "name");

const listenersOf = (gateway: Resource) =>
  items(at(specOf(gateway), "listeners")).map((spec, index) => ({
    spec,
    name: at(spec, "name"),
    path: `listeners[${index}] ${text(at(spec, "name")) ?? "without a name"}`,
  }));

/** Without a mode it terminates (Gateway API, GatewayTLSConfig). */
function terminates(listener: unknown): boolean {
  const mode = at(listener, "tls", "mode");
  const isPresent = (ref: unknown) => text(at(ref, "name")) !== undefined || at(ref, "name") === notKnown;
  return (mode === undefined || mode === "Terminate") && items(at(listener, "tls", "certificateRefs")).some(isPresent);
}

const listenerProblems =
  (mayRedirect: boolean) =>
  (gateway: Resource): string[] => {
    if (at(specOf(gateway), "listeners") === notKnown) {
      return ["listeners: not known in a preview, so nobody can judge them"];
    }
    return listenersOf(gateway).flatMap(({ spec, path }) => {
      const protocol = at(spec, "protocol");
      // A plain listener may do no more than redirect, and only its routes show that: judged with the stack.
      if (protocol === "HTTP" && mayRedirect) return [];
      if (protocol !== "HTTPS" && protocol !== "TLS") {
        return [`${path}: the protocol ${shown(protocol)} is not encrypted`];
      }
      return terminates(spec) ? [] : [`${path}: no certificate to answer with (tls.certificateRefs, mode Terminate)`];
    });
  };

/** Controllers' own kinds of routes: where each says by what certificate it answers. */
const withTls =
  (...path: readonly string[]) =>
  (route: Resource): string[] =>
    Object.keys(fields(at(specOf(route), ...path))).length > 0
      ? []
      : [`spec.${path.join(".")}: no certificate to answer with`];

/** Without a virtual host it is part of another HTTPProxy, which answers for it (projectcontour.io/v1). */
const proxyProblems = (proxy: Resource) =>
  at(specOf(proxy), "virtualhost") === undefined ? [] : withTls("virtualhost", "tls")(proxy);

/** Whether a certificate's name is good for a host: the same, or a wildcard one label above it (RFC 9525). */
const covers = (name: unknown, host: string) => name === host || name === host.replace(/^[^.]+/, "*");

function ingressProblems(ingress: Resource): string[] {
  const tls = items(at(specOf(ingress), "tls"));
  const covered = tls
    .filter((entry) => at(entry, "secretName") !== undefined)
    .flatMap((entry) => items(at(entry, "hosts")));
  return [
    ...(at(specOf(ingress), "defaultBackend") === undefined
      ? []
      : ["defaultBackend: answers hosts that have no certificate"]),
    ...items(at(specOf(ingress), "rules")).flatMap((rule, index) => {
      const host = at(rule, "host");
      const isCovered = typeof host === "string" && covered.some((name) => covers(name, host));
      return isCovered
        ? []
        : [`rules[${index}]: no certificate for the host ${shown(host)} (tls.hosts with a secretName)`];
    }),
  ];
}

function serviceProblems(service: Resource): string[] {
  const type = at(specOf(service), "type");
  const isOpen = ["NodePort", "LoadBalancer", notKnown].includes(type as string | symbol);
  const addresses = items(at(specOf(service), "externalIPs"));
  return [
    ...(isOpen ? [`type is ${shown(type)}: it is reached without the edge's TLS`] : []),
    ...(addresses.length > 0 ? ["externalIPs: it is reached without the edge's TLS"] : []),
  ];
}

const certificateProblems = (certificate: Resource) =>
  items(at(specOf(certificate), "dnsNames")).length > 0 && at(specOf(certificate), "secretName") !== undefined
    ? []
    : ["a certificate needs dnsNames and a secretName"];

const judges: Readonly<Record<string, (resource: Resource) => readonly string[]>> = {
  [gatewayKind]: listenerProblems(true),
  // Its routes are not looked for: only a Gateway's plain listener may redirect.
  "gateway.networking.k8s.io/ListenerSet": listenerProblems(false),
  "gateway.networking.x-k8s.io/XListenerSet": listenerProblems(false),
  "traefik.io/IngressRoute": withTls("tls"),
  "traefik.io/IngressRouteTCP": withTls("tls"),
  "traefik.io/IngressRouteUDP": () => ["UDP is not encrypted"],
  "projectcontour.io/HTTPProxy": proxyProblems,
  "networking.k8s.io/Ingress": ingressProblems,
  "core/Service": serviceProblems,
  "cert-manager.io/Certificate": certificateProblems,
};

const redirects = (rule: unknown) =>
  items(at(rule, "backendRefs")).length === 0 &&
  items(at(rule, "filters")).some((filter) => at(fields(filter), "requestRedirect", "scheme") === "https");

/** Routes of a listener: those that name it, and those that name its Gateway and no listener. */
function routesOf(gateway: Resource, listener: unknown, routes: readonly Resource[]): Resource[] {
  const isMine = (parent: unknown) =>
    at(parent, "name") === nameOf(gateway) && [undefined, listener].includes(at(parent, "sectionName"));
  return routes.filter((route) => items(at(specOf(route), "parentRefs")).some(isMine));
}

function plainListeners(gateway: Resource, routes: readonly Resource[]): Finding[] {
  return listenersOf(gateway)
    .filter(({ spec }) => at(spec, "protocol") === "HTTP")
    .flatMap(({ name, path }): Finding[] => {
      const own = routesOf(gateway, name, routes);
      const serving = own.filter((route) => {
        const rules = at(specOf(route), "rules");
        return rules === notKnown || !items(rules).every(redirects);
      });
      return [
        ...(own.length === 0
          ? [{ resource: gateway, problem: `${path}: plain HTTP, and no route sends it to https` }]
          : []),
        ...serving.map((resource) => ({ resource, problem: `it serves ${path} of its Gateway, which is plain HTTP` })),
      ];
    });
}

export const tlsRequired: Rule = {
  name: "frappe-tls-required",
  description: "Whatever is reached from outside is reached by TLS; plain HTTP only sends there.",
  remedy:
    "Let frappe:edge make listeners, routes and certificates (frappe:edge.kind, frappe:edge.tls); Services stay ClusterIP",
  judge: (resource) => judges[resource.kind]?.(resource) ?? [],
  judgeStack: (resources) => {
    const routes = resources.filter(({ kind }) => routeKind.test(kind));
    return resources.filter(({ kind }) => kind === gatewayKind).flatMap((gateway) => plainListeners(gateway, routes));
  },
};
