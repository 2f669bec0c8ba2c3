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
