/** Databases and Redis: memory that fits, and what an operator's members reach. */
import { bytes } from "../units.ts";
import type { Rule } from "./rule.ts";

/** Share of the memory that a buffer may take; the rest is for connections, sorting and the server itself. */
const bufferShare = 0.8;

const buffers: Rule = {
  needs: ["database"],
  check: ({ database }) => {
    if (database.mode === "external") {
      return [];
    }
    const [key, size] =
      database.engine === "mariadb"
        ? (["bufferPool", database.bufferPool] as const)
        : (["sharedBuffers", database.sharedBuffers] as const);
    return size !== undefined && bytes(size) > bytes(database.resources.memory) * bufferShare
      ? [
          {
            path: `frappe:database.${key}`,
            message: `expected at most ${bufferShare * 100} % of frappe:database.resources.memory (${database.resources.memory}), got ${size}`,
          },
        ]
      : [];
  },
};

const appendOnlyFile: Rule = {
  needs: ["redis"],
  check: ({ redis }) => {
    if (redis.mode === "external") {
      return [];
    }
    const { storage, resources } = redis.queue;
    return bytes(storage.size) >= 2 * bytes(resources.memory)
      ? []
      : [
          {
            path: "frappe:redis.queue.storage.size",
            message: `expected at least twice frappe:redis.queue.resources.memory (${resources.memory}): a rewrite of the append-only file stands beside the old one; got ${storage.size}`,
          },
        ];
  },
};

const membersReachApiServer: Rule = {
  needs: ["database", "network"],
  check: ({ database, network }) =>
    database.mode === "operator" && network.apiServer === undefined
      ? [
          {
            path: "frappe:network.apiServer",
            message:
              "missing: an operator's database members talk to the API server, and the network policy lets them only where you say; see `kubectl get endpoints kubernetes`",
          },
        ]
      : [],
};

export const dataRules: readonly Rule[] = [buffers, appendOnlyFile, membersReachApiServer];
