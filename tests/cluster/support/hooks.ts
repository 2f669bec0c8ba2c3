/** Around all tests of the cluster: what runs in this process ends with them, and what was measured is said. */
import type { RootHookObject } from "mocha";
import { figures } from "../suites/figures.ts";
import { leaveCluster } from "./cluster.ts";

export const mochaHooks: RootHookObject = {
  async afterAll() {
    await leaveCluster();
    for (const [what, value] of Object.entries(figures)) {
      process.stdout.write(`    ${what}: ${value}\n`);
    }
  },
};
