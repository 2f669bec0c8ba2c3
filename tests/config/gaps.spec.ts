import assert from "node:assert/strict";
import { Cron } from "croner";
import { gaps } from "../../config/schema/gaps.ts";

const hour = 3600;
const day = 24 * hour;

describe("config: gaps of a schedule", () => {
  const known: readonly (readonly [schedule: string, shortest: number, longest: number])[] = [
    ["17 1 * * *", day, day],
    ["17 */4 * * *", 4 * hour, 4 * hour],
    ["0 */5 * * *", 4 * hour, 5 * hour],
    ["*/10 * * * *", 600, 600],
    ["0 8-17 * * 1-5", hour, 2 * day + 15 * hour],
    ["* 8-17 * * 1-5", 60, 2 * day + 14 * hour + 60],
    ["0 2 * * 0", 7 * day, 7 * day],
    ["0 2 1 * *", 28 * day, 31 * day],
    ["50 23 * * 1", 7 * day, 7 * day],
    ["0 0 29 2 *", 1461 * day, 1461 * day],
    ["0 0 1,15 * 0", day, 7 * day],
  ];
  for (const [schedule, shortest, longest] of known) {
    it(`knows that ${schedule} runs ${shortest} to ${longest} seconds apart`, () => {
      assert.deepEqual(gaps(schedule), { shortest, longest });
    });
  }

  it("agrees with a cron library about the first runs of ordinary schedules", () => {
    for (const schedule of ["5 3 * * *", "0 */6 * * *", "15 1-23/2 * * *", "30 2 * * 1,3,5", "0 4 10-20 * *"]) {
      const runs = new Cron(schedule, { timezone: "UTC", mode: "5-part" }).nextRuns(300, new Date("2024-01-01"));
      const seconds = runs.slice(1).map((run, i) => (run.getTime() - (runs[i]?.getTime() ?? 0)) / 1000);
      assert.deepEqual(gaps(schedule), { shortest: Math.min(...seconds), longest: Math.max(...seconds) }, schedule);
    }
  });
});
