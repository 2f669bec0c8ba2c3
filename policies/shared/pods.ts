/** The pods that a resource makes, whatever kind it is. */
import { at, type Fields, fields, items, notKnown, text } from "./known.ts";
import type { Resource } from "./rule.ts";

export interface Pod {
  /** `apps/Deployment`. */
  readonly kind: string;
  readonly labels: unknown;
  readonly annotations: Fields;
  readonly spec: unknown;
}

export interface Container {
  /** `containers[0] web`. */
  readonly path: string;
  readonly list: "initContainers" | "containers" | "ephemeralContainers";
  readonly spec: unknown;
}

/** Where each kind keeps what a pod is made from. */
const templates: Readonly<Record<string, readonly string[]>> = {
  "core/Pod": [],
  "core/PodTemplate": ["template"],
  "core/ReplicationController": ["spec", "template"],
  "apps/Deployment": ["spec", "template"],
  "apps/StatefulSet": ["spec", "template"],
  "apps/DaemonSet": ["spec", "template"],
  "apps/ReplicaSet": ["spec", "template"],
  "batch/Job": ["spec", "template"],
  "batch/CronJob": ["spec", "jobTemplate", "spec", "template"],
};

export function podOf({ kind, props }: Resource): Pod | undefined {
  const path = templates[kind];
  if (path === undefined) {
    return undefined;
  }
  const template = at(props, ...path);
  return {
    kind,
    labels: at(template, "metadata", "labels"),
    annotations: fields(at(template, "metadata", "annotations")),
    spec: at(template, "spec"),
  };
}

const lists = ["initContainers", "containers", "ephemeralContainers"] as const;

export const containersOf = ({ spec }: Pod): Container[] =>
  lists.flatMap((list) =>
    items(at(spec, list)).map((container, index) => ({
      path: `${list}[${index}] ${text(at(container, "name")) ?? "without a name"}`,
      list,
      spec: container,
    })),
  );

/** Parts that hide what there is to judge. */
function hidden(pod: Pod): string[] {
  if (pod.spec === notKnown) {
    return ["the pod's spec"];
  }
  return [
    ...lists.filter((list) => at(pod.spec, list) === notKnown),
    ...containersOf(pod).flatMap(({ path, spec }) => (spec === notKnown ? [path] : [])),
  ];
}

/** Judges a resource by its pod. A pod that a preview cannot see into does not pass: nobody has looked at it. */
export const judgePod =
  (judge: (pod: Pod) => readonly string[]) =>
  (resource: Resource): readonly string[] => {
    const pod = podOf(resource);
    if (pod === undefined) {
      return [];
    }
    const unseen = hidden(pod).map((part) => `${part}: not known in a preview, so nobody can judge it`);
    return unseen.length > 0 ? unseen : judge(pod);
  };

export const judgeContainers = (judge: (container: Container, pod: Pod) => readonly string[]) =>
  judgePod((pod) =>
    containersOf(pod).flatMap((container) => judge(container, pod).map((problem) => `${container.path}: ${problem}`)),
  );
