/** Services beside the bench, as a plan: each its own pods, one address, and the flows that its part of the stack file declares. */
import type { ServicesConfig, StackConfig } from "../config/stack.ts";
import { ports } from "../constants/ports.ts";
import { internalPort, probe, type BenchContext } from "./bench/context.ts";
import { drainSeconds } from "./bench/roles.ts";
import { names } from "./names.ts";
import { component, tcp } from "./network.ts";
import type { RoutedService } from "./nginx/services.ts";
import { imageReference } from "./image.ts";
import { stackService, stackWorkload, type RoomPlan } from "./room.ts";
import type { ContainerPlan, EnvValue, Flow, ServicePlan, WorkloadPlan } from "./types.ts";

type ServiceConfig = ServicesConfig[string];

/** Component, workload and set of secrets of a service: no name of the platform's own begins so. */
const identity = (name: string) => `service-${name}` as const;

const portName = "http";

function environment(name: string, service: ServiceConfig, { environment: stage }: StackConfig) {
  const secret = (key: string): EnvValue => ({ secret: identity(name), key });
  return {
    // The image's home is read-only.
    HOME: "/tmp",
    ...service.env,
    ...Object.fromEntries(service.secrets.map((variable) => [variable, secret(variable)])),
    ...(service.sentry && {
      SENTRY_DSN: secret("SENTRY_DSN"),
      SENTRY_ENVIRONMENT: stage,
      SENTRY_RELEASE: `${name}@${service.image.tag}`,
    }),
    ...(service.callsFrappe && { FRAPPE_URL: `http://${names.nginx}:${ports.nginxInternal}` }),
  };
}

function container(name: string, service: ServiceConfig, config: StackConfig): ContainerPlan {
  const { ready, alive } = service.health;
  const http = (path: string) => ({ http: { path, port: portName } });
  return {
    name: "service",
    image: imageReference(service.image),
    command: service.command ?? [],
    env: environment(name, service, config),
    ports: [{ name: portName, port: service.port }],
    files: [],
    writable: ["/tmp", ...service.writable].map((path, i) => ({ path, shared: `writable-${i}` })),
    volumes: [],
    resources: service.resources,
    drainSeconds,
    probes: {
      startup: probe({ tcp: portName }, { period: 2, failures: 90 }),
      readiness: probe(http(ready)),
      liveness: probe(alive === undefined ? { tcp: portName } : http(alive), { period: 20, failures: 6 }),
    },
  };
}

const workload = (name: string, service: ServiceConfig, config: StackConfig): WorkloadPlan =>
  stackWorkload({
    name: identity(name),
    room: "services",
    replicas: service.replicas,
    user: service.user,
    version: service.image.tag,
    containers: [container(name, service, config)],
    stopGrace: drainSeconds + service.timeout,
  });

const address = (name: string, { port }: ServiceConfig): ServicePlan =>
  stackService(name, [{ name: portName, port }], {
    logicalName: `${identity(name)}-address`,
    component: identity(name),
    // nginx of the bench looks it up at its start, while the service may itself wait for a site.
    early: true,
  });

function flows(name: string, { routes, port, callsFrappe, egress }: ServiceConfig): Flow[] {
  const itself = component(identity(name));
  return [
    ...(routes.length > 0
      ? [{ from: component(names.nginx), to: itself, ports: tcp(port), why: "requests that its routes lead to it" }]
      : []),
    ...(callsFrappe
      ? [{ from: itself, to: component(names.nginx), ports: tcp(internalPort.port), why: "what it asks the sites" }]
      : []),
    ...Object.entries(egress).map(([why, { addresses, ports: numbers }]) => ({
      from: itself,
      to: { addresses },
      ports: tcp(...numbers),
      why,
    })),
  ];
}

/** What nginx has to know of them. */
export const routedServices = (services: ServicesConfig): RoutedService[] =>
  Object.entries(services)
    .filter(([, { routes }]) => routes.length > 0)
    .map(([name, { port, timeout }]) => ({ name, port, timeout }));

export function planServices({ config }: BenchContext): RoomPlan {
  const all = Object.entries(config.services);
  return {
    files: [],
    volumes: [],
    workloads: all.map(([name, service]) => workload(name, service, config)),
    scheduled: [],
    services: all.map(([name, service]) => address(name, service)),
    flows: all.flatMap(([name, service]) => flows(name, service)),
  };
}
