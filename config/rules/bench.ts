/** Queues and workers, and what the bench asks of the volume and the database. */
import { didYouMean, keyPath, type Problem } from "../problems.ts";
import { standardQueues } from "../../constants/queues.ts";
import type { StackConfig } from "../stack.ts";
import type { Rule } from "./rule.ts";

const queues: Rule = {
  needs: ["bench"],
  check: ({ bench }) => {
    const known = [...new Set([...Object.keys(standardQueues), ...Object.keys(bench.queues)])];
    const sets = Object.entries(bench.workers);
    const unknown = sets.flatMap(([set, { queues: taken }]) =>
      taken.flatMap((queue, i): Problem[] => {
        if (known.includes(queue)) {
          return [];
        }
        const meant = didYouMean(queue, known);
        const message = `expected a known queue (${known.join(", ")}), got ${queue}; ${meant ? `did you mean ${meant}?` : `declare it under frappe:bench.queues`}`;
        return [{ path: keyPath("bench", ["workers", set, "queues", i]), message }];
      }),
    );
    const idle = known
      .filter((queue) => !sets.some(([, { queues: taken }]) => taken.includes(queue)))
      .map((queue) => ({
        path: "frappe:bench.workers",
        message: `no worker set takes from the queue ${queue}: its jobs would never run`,
      }));
    return [...unknown, ...idle];
  },
};

const singleNodeVolume: Rule = {
  needs: ["sitesVolume", "platform"],
  check: ({ sitesVolume, platform }) =>
    sitesVolume.accessMode === "ReadWriteOnce" && platform.nodes === "many"
      ? [
          {
            path: "frappe:sitesVolume.accessMode",
            message:
              "ReadWriteOnce holds on one node only, and frappe:platform.nodes is many; take ReadWriteMany, or say nodes: single",
          },
        ]
      : [],
};

/** With every strategy but recreate the new set stands beside the old one. */
const setsAtOnce = ({ strategy }: StackConfig["release"]): number => (strategy === "recreate" ? 1 : 2);

/** Connections that the bench may open at once: both sets of a release, and some for people and exporters. */
export function connectionsNeeded({ bench, release }: Pick<StackConfig, "bench" | "release">): number {
  const web = bench.web.replicas * bench.web.workers * bench.web.threads;
  const workers = Object.values(bench.workers).reduce((sum, { replicas }) => sum + replicas, 0);
  return (web + workers + bench.scheduler.replicas) * setsAtOnce(release) + 20;
}

const connections: Rule = {
  needs: ["bench", "database", "release"],
  check: (config) => {
    if (config.database.mode === "external") {
      return [];
    }
    const needed = connectionsNeeded(config);
    return config.database.maxConnections >= needed
      ? []
      : [
          {
            path: "frappe:database.maxConnections",
            message: `expected at least ${needed}: web replicas × workers × threads + workers, ${setsAtOnce(config.release) > 1 ? `twice, as ${config.release.strategy} has both sets stand at once, ` : ""}and 20 to spare; got ${config.database.maxConnections}`,
          },
        ];
  },
};

export const benchRules: readonly Rule[] = [queues, singleNodeVolume, connections];
