/** Backups against their own schedule, the nodes and the secrets. */
import { limits } from "../../constants/limits.ts";
import { gaps } from "../schema/gaps.ts";
import type { Problem } from "../problems.ts";
import type { Rule } from "./rule.ts";

const seconds = (hours: string) => Number(hours.slice(0, -1)) * 3600;

const runsApart: Rule = {
  needs: ["backup"],
  check: ({ backup }) => {
    const { shortest, longest } = gaps(backup.schedule);
    const run = backup.timeLimit + limits.jobMargin;
    const often: Problem[] =
      shortest < run
        ? [
            {
              path: "frappe:backup.schedule",
              message: `expected runs at least frappe:backup.timeLimit and a quarter of an hour (${run} seconds) apart, got ${JSON.stringify(backup.schedule)}, which fires again after ${shortest} seconds; run it less often, or lower the limit`,
            },
          ]
        : [];
    const most = longest + run;
    const late: Problem[] =
      seconds(backup.maxAge) < most
        ? [
            {
              path: "frappe:backup.maxAge",
              message: `expected at least the time between two runs and their limit (${Math.ceil(most / 3600)}h), got ${backup.maxAge}; the alert would fire while all is well: run it more often, or raise the age`,
            },
          ]
        : [];
    return [...often, ...late];
  },
};

const volumeOnOneNode: Rule = {
  needs: ["backup", "platform", "sitesVolume"],
  check: ({ backup: { repository }, platform, sitesVolume }) => {
    if (repository.kind !== "volume" || repository.accessMode === "ReadWriteMany") {
      return [];
    }
    return platform.nodes === "single" && sitesVolume.accessMode === "ReadWriteOnce"
      ? []
      : [
          {
            path: "frappe:backup.repository.accessMode",
            message:
              "expected ReadWriteMany: runs, restores and their exporter mount it on whichever node they land; ReadWriteOnce only with frappe:platform.nodes single and a sites volume that is ReadWriteOnce too",
          },
        ];
  },
};

export const backupRules: readonly Rule[] = [runsApart, volumeOnOneNode];
