/** What every workload of ours may be given: how much it may use, and how many of it run. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { byteQuantity, cpuQuantity, wholeNumber } from "./primitives.ts";

const resourcesShape = z.strictObject({
  cpu: cpuQuantity.describe("Processors asked for. There is no CPU limit: it would throttle at idle neighbours."),
  memory: byteQuantity.describe("Memory asked for, and the limit: a pod that needs more is ended, not its neighbours."),
  ephemeralStorage: byteQuantity
    .default("1Gi")
    .describe("Room for logs and temporary files; above it the pod is evicted."),
});

export type ResourcesConfig = z.output<typeof resourcesShape>;

/** Resources with this role's own defaults; what a stack file leaves out keeps its default. */
export const resources = (cpu: string, memory: string) =>
  z
    .strictObject({
      cpu: resourcesShape.shape.cpu.default(cpu),
      memory: resourcesShape.shape.memory.default(memory),
      ephemeralStorage: resourcesShape.shape.ephemeralStorage,
    })
    .prefault({})
    .describe("What one replica may use.");

export const replicas = (standard: number, max: number = limits.replicas) =>
  wholeNumber(1, max).default(standard).describe("How many of it run.");
