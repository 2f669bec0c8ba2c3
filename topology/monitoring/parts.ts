/** What the parts of monitoring share: small pods of the stack's own that answer on a port or two, and whom Prometheus asks. */
import { probe } from "../bench/context.ts";
import { names } from "../names.ts";
import { component, tcp } from "../network.ts";
import { stackWorkload, type RoomPlan } from "../room.ts";
import type { ContainerPlan, Flow, WorkloadPlan } from "../types.ts";

/** The user `nobody` of the images of the Prometheus project. */
export const nobody = 65534;

/** A part of the room; what it leaves out it has none of. */
export type Part = Partial<RoomPlan>;

export const joined = (parts: readonly Part[]): RoomPlan => ({
  files: parts.flatMap(({ files = [] }) => files),
  volumes: parts.flatMap(({ volumes = [] }) => volumes),
  workloads: parts.flatMap(({ workloads = [] }) => workloads),
  scheduled: parts.flatMap(({ scheduled = [] }) => scheduled),
  services: parts.flatMap(({ services = [] }) => services),
  flows: parts.flatMap(({ flows = [] }) => flows),
});

/** An exporter: it answers with numbers, keeps nothing, and listens before what it asks is there. */
export function exporterContainer(
  exporter: Pick<ContainerPlan, "name" | "image" | "command" | "ports"> & Partial<ContainerPlan>,
): ContainerPlan {
  const [port] = exporter.ports;
  return {
    env: {},
    files: [],
    writable: [],
    volumes: [],
    resources: { cpu: "10m", memory: "64Mi", ephemeralStorage: "32Mi" },
    probes: port
      ? {
          readiness: probe({ tcp: port.name }),
          liveness: probe({ tcp: port.name }, { period: 30 }),
        }
      : {},
    ...exporter,
  };
}

export const monitoringWorkload = (workload: Omit<Parameters<typeof stackWorkload>[0], "room">): WorkloadPlan =>
  stackWorkload({ room: "monitoring", ...workload });

/** Prometheus asks each of a component's `ports`. */
export const scraped = (name: string, ...ports: readonly number[]): Flow => ({
  from: component(names.prometheus),
  to: component(name),
  ports: tcp(...ports),
  why: "series",
});
