/** What every workload of ours may be given: how much it may use, and how many of it run. */
import { z } from "zod";
import { limits } from "../../constants/limits.ts";
import { wholeNumber } from "./primitives.ts";
import { byteQuantity, cpuQuantity } from "./quantities.ts";

export interface ResourcesConfig {
  readonly cpu: string;
  readonly memory: string;
  readonly ephemeralStorage: string;
}

/** Resources with this role's own defaults, and the memory below which it does not start; what is left out keeps its default. */
export const resources = (cpu: string, memory: string, leastMemory: string) =>
  z
    .strictObject({
      cpu: cpuQuantity
        .default(cpu)
        .describe("Processors asked for. There is no CPU limit: it would throttle at idle neighbours."),
      memory: byteQuantity(leastMemory, "4Ti")
        .default(memory)
        .describe("Memory asked for, and the limit: a pod that needs more is ended, not its neighbours."),
      ephemeralStorage: byteQuantity("64Mi", "1Ti")
        .default("1Gi")
        .describe("Room for logs and temporary files; above it the pod is evicted."),
    })
    .prefault({})
    .describe("What one replica may use.");

export const replicas = (standard: number, max: number = limits.replicas) =>
  wholeNumber(1, max).default(standard).describe("How many of it run.");
