/** The whole life of a platform on one kind of database, in the order of life. */
import assert from "node:assert/strict";
import { clusterTimeout, theCluster } from "../support/cluster.ts";
import { makePlatform, type Platform } from "../support/platform.ts";
import type { DatabaseEngine } from "../support/stack.ts";
import { describeArrival } from "./arrival.ts";
import { describeBackups } from "./backups.ts";
import { describeChanges } from "./changes.ts";
import { describeDeparture } from "./departure.ts";
import { describeFlows } from "./flows.ts";
import { describeHardening } from "./hardening.ts";
import { describeInterruptions } from "./interruptions.ts";
import { describeKills } from "./kills.ts";
import { describeMonitoring } from "./monitoring.ts";
import { describeNode } from "./node.ts";
import { describeReleases } from "./releases.ts";
import { describeServing } from "./serving.ts";
import { describeWrongValues } from "./wrong-values.ts";

/** What no database has a part in is lived through once, on one of the two: they live side by side (run.ts), about as long. */
const chapters: Readonly<Record<DatabaseEngine, readonly ((given: () => Platform) => void)[]>> = {
  mariadb: [
    ...[describeArrival, describeServing, describeHardening, describeFlows, describeBackups, describeMonitoring],
    ...[describeReleases, describeKills, describeDeparture, describeNode],
  ],
  postgres: [
    ...[describeArrival, describeServing, describeBackups, describeMonitoring],
    ...[describeChanges, describeWrongValues, describeInterruptions, describeKills, describeDeparture],
  ],
};

export function describeLife(engine: DatabaseEngine): void {
  describe(`a platform on ${engine}`, function () {
    this.timeout(60_000);
    let platform: Platform | undefined;
    let arrived = true;
    const given = (): Platform => {
      assert.ok(platform, "the cluster did not come up");
      assert.ok(arrived, "the platform did not come up");
      return platform;
    };

    before(async function () {
      this.timeout(clusterTimeout);
      const { cluster, archives } = await theCluster();
      platform = makePlatform(engine, cluster, archives);
    });

    after(async function () {
      this.timeout(120_000);
      await platform?.api.core.deleteNamespace({ name: platform.namespace, gracePeriodSeconds: 0 });
      platform?.stack.remove();
    });

    afterEach(function () {
      arrived &&= this.currentTest?.isFailed() !== true || this.currentTest.parent?.title !== "from nothing";
    });

    for (const describeChapter of chapters[engine]) {
      describeChapter(given);
    }
  });
}
