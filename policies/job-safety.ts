/**
 * Work that runs and ends does so once, in its time, and is seen afterwards. A migration that failed is put back, never tried again: a
 * patch that was half done would run twice.
 */
import { labels } from "../constants/labels.ts";
import { at, notKnown, shown } from "./shared/known.ts";
import type { Resource, Rule } from "./shared/rule.ts";

/** Where each kind keeps what its Jobs are made from. */
const jobs: Readonly<Record<string, readonly string[]>> = {
  "batch/Job": [],
  "batch/CronJob": ["spec", "jobTemplate"],
};
const releaseComponent = "release";

/** Whether the work is a release's, or may be: a label that a preview does not know may be any. */
function isRelease({ props }: Resource, job: unknown): boolean {
  const held = [
    at(props, "metadata", "labels"),
    at(job, "metadata", "labels"),
    at(job, "spec", "template", "metadata", "labels"),
  ];
  return held.some(
    (all) =>
      at(all, labels.release) !== undefined ||
      [releaseComponent, notKnown].includes(at(all, labels.component) as string | symbol),
  );
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;

function releaseProblems(job: unknown): string[] {
  const tries = at(job, "spec", "backoffLimit");
  const restarts = at(job, "spec", "template", "spec", "restartPolicy");
  const parallel = at(job, "spec", "parallelism");
  return [
    ...(tries === 0 ? [] : [`backoffLimit is ${shown(tries)}, not 0: a step that failed would be tried again`]),
    ...(restarts === "Never"
      ? []
      : [`restartPolicy is ${shown(restarts)}, not "Never": a step that failed would be tried again`]),
    ...(parallel === undefined || parallel === 1
      ? []
      : [`parallelism is ${shown(parallel)}: one step would run more than once at a time`]),
  ];
}

function cronProblems(spec: unknown): string[] {
  const policy = at(spec, "concurrencyPolicy");
  const histories = ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"].filter((key) => !isCount(at(spec, key)));
  return [
    ...(policy === "Forbid" ? [] : [`concurrencyPolicy is ${shown(policy)}, not "Forbid": runs would overlap`]),
    ...histories.map((key) => `${key} is ${shown(at(spec, key))}: the last run is to be seen, and not all before it`),
  ];
}

export const jobSafety: Rule = {
  name: "frappe-job-safety",
  description:
    "A Job ends in its time, runs of a CronJob never overlap, and no step of a release is tried again by itself.",
  remedy: "Render scheduled work by components/shared/workload, which sets these fields; its time is in topology/",
  judge: (resource) => {
    const path = jobs[resource.kind];
    if (path === undefined) {
      return [];
    }
    const job = at(resource.props, ...path);
    const deadline = at(job, "spec", "activeDeadlineSeconds");
    return [
      ...(resource.kind === "batch/CronJob" ? cronProblems(at(resource.props, "spec")) : []),
      ...(isCount(deadline) ? [] : [`activeDeadlineSeconds is ${shown(deadline)}: nothing ends a run that hangs`]),
      ...(isRelease(resource, job) ? releaseProblems(job) : []),
    ];
  },
};
