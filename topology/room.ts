/** A room that is planned as a list of parts: what renders one renders each of them. */
import type { ConfigFilesPlan, Flow, ScheduledPlan, ServicePlan, VolumePlan, WorkloadPlan } from "./types.ts";

export interface RoomPlan {
  readonly files: readonly ConfigFilesPlan[];
  readonly volumes: readonly VolumePlan[];
  readonly workloads: readonly WorkloadPlan[];
  readonly scheduled: readonly ScheduledPlan[];
  readonly services: readonly ServicePlan[];
  /** Who its parts may talk to, and who may talk to them. */
  readonly flows: readonly Flow[];
}

export const emptyRoom: RoomPlan = { files: [], volumes: [], workloads: [], scheduled: [], services: [], flows: [] };

/** A workload of the stack's own, one of it and stateless unless it says otherwise. */
export const stackWorkload = (
  workload: Pick<WorkloadPlan, "name" | "room" | "user" | "version" | "containers"> & Partial<WorkloadPlan>,
): WorkloadPlan => ({
  component: workload.name,
  scope: "stack",
  kind: "set",
  replicas: 1,
  update: "rolling",
  setup: [],
  stopGrace: 30,
  mountsSites: false,
  holdsData: false,
  ...workload,
});

/** The address of a workload of the stack's own. */
export const stackService = (
  name: string,
  ports: ServicePlan["ports"],
  more: Partial<ServicePlan> = {},
): ServicePlan => ({
  name,
  logicalName: `${name}-service`,
  component: name,
  scope: "stack",
  ports,
  ...more,
});
