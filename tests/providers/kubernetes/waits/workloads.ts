/** Deployments, StatefulSets, DaemonSets, Jobs and Pods. */
import type { Properties } from "../../../../engine/offline/value.ts";
import {
  condition,
  count,
  isObserved,
  phaseOf,
  specOf,
  statusOf,
  textOf,
  type Check,
  type Rule,
} from "../readiness.ts";
import { explainWorkload, podProblem, problemOf } from "./pods.ts";

const unseen = { seen: "its controller has not seen it yet" };

/** `n of m ready`, with what its pods suffer from. */
const progress = (have: number, want: number, word = "ready"): string => `${have} of ${want} ${word}`;

const deployment: Check = async (live, look) => {
  if (!isObserved(live)) return unseen;
  const [status, wanted] = [statusOf(live), count(specOf(live), "replicas", 1)];
  const [total, updated, available] = ["replicas", "updatedReplicas", "availableReplicas"].map((key) =>
    count(status, key),
  ) as [number, number, number];
  if (updated === wanted && available >= wanted && total === wanted) return undefined;
  const failure = condition(live, "ReplicaFailure");
  const problem = failure?.status === "True" ? `: ${failure.reason}: ${failure.message}` : await problemOf(live, look);
  // Of those that are available some may be of the old template.
  if (updated < wanted || total > updated) {
    const left = total > updated ? `, ${total - updated} of the old ones left` : "";
    return { seen: `${progress(updated, wanted, "updated")}${left}${problem}` };
  }
  return { seen: `${progress(available, wanted)}${problem}` };
};

const statefulSet: Check = async (live, look) => {
  if (!isObserved(live)) return unseen;
  const [status, spec] = [statusOf(live), specOf(live)];
  const wanted = count(spec, "replicas", 1);
  const ready = count(status, "readyReplicas");
  // Who updates by hand decides when.
  const byHand = (spec["updateStrategy"] as Properties | undefined)?.["type"] === "OnDelete";
  const isNew =
    byHand || status["currentRevision"] === status["updateRevision"] || count(status, "updatedReplicas") >= wanted;
  if (ready === wanted && isNew && count(status, "replicas") === wanted) return undefined;
  const problem = await problemOf(live, look);
  return {
    seen: isNew
      ? `${progress(ready, wanted)}${problem}`
      : `${progress(count(status, "updatedReplicas"), wanted, "updated")}${problem}`,
  };
};

const daemonSet: Check = async (live, look) => {
  if (!isObserved(live)) return unseen;
  const status = statusOf(live);
  const wanted = count(status, "desiredNumberScheduled");
  const [updated, available] = [count(status, "updatedNumberScheduled"), count(status, "numberAvailable")];
  if (updated >= wanted && available >= wanted) return undefined;
  return { seen: `${progress(Math.min(updated, available), wanted)}${await problemOf(live, look)}` };
};

const job: Check = async (live, look) => {
  if (condition(live, "Complete")?.status === "True") return undefined;
  const failed = condition(live, "Failed");
  if (failed?.status === "True") {
    return { seen: `it failed: ${failed.reason ?? ""}: ${failed.message ?? ""}`, hopeless: true };
  }
  const wanted = count(specOf(live), "completions", 1);
  return { seen: `${progress(count(statusOf(live), "succeeded"), wanted, "complete")}${await problemOf(live, look)}` };
};

const pod: Check = (live) => {
  const phase = phaseOf(live);
  if (condition(live, "Ready")?.status === "True" || phase === "Succeeded") return undefined;
  if (phase === "Failed") {
    return { seen: `it failed: ${podProblem(live) ?? textOf(statusOf(live), "message")}`, hopeless: true };
  }
  return { seen: podProblem(live) ?? `it is ${phase} and not ready` };
};

export const workloads: Readonly<Record<string, Rule>> = {
  "apps/Deployment": { check: deployment, explain: explainWorkload },
  "apps/StatefulSet": { check: statefulSet, explain: explainWorkload },
  "apps/DaemonSet": { check: daemonSet, explain: explainWorkload },
  "batch/Job": { check: job, explain: explainWorkload },
  "core/Pod": { check: pod, explain: async (live, look) => [(await look.warning(live)) ?? []].flat() },
};
