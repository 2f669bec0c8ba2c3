/** The pods that a resource makes, whatever kind it is. */
import { at, type Fields, fields, items, notKnown, text } from "./known.ts";
import { isCustom, type Resource } from "./rule.ts";

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

/** Where custom resources keep it: Argo's Rollout, Knative's Service, KEDA's ScaledJob. */
const customTemplates = [
  ["template"],
  ["podTemplate"],
  ["jobTemplate", "spec", "template"],
  ["jobTargetRef", "template"],
] as const;

function templateOf({ kind, props }: Resource): unknown {
  const path = templates[kind];
  return path === undefined ? undefined : (at(props, ...path) ?? {});
}

function customTemplateOf(resource: Resource): unknown {
  const spec = at(resource.props, "spec");
  // A spec that is not known may be anything's: it is no pod's for that.
  if (!isCustom(resource) || spec === notKnown) {
    return undefined;
  }
  return customTemplates
    .map((path) => at(spec, ...path))
    .find((found) => at(found, "spec", "containers") !== undefined);
}

export function podOf(resource: Resource): Pod | undefined {
  const { kind } = resource;
  const template = templateOf(resource) ?? customTemplateOf(resource);
  if (template === undefined) {
    return undefined;
  }
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

/** What holds other objects, none of which the engine is told: a chart that Helm renders by itself, a list. */
const isOpaque = ({ kind, props }: Resource) =>
  kind === "helm.sh/Release" || (kind.endsWith("List") && at(props, "items") !== undefined);

/** Judges a resource by its pod. A pod that a preview cannot see into does not pass: nobody has looked at it. */
export const judgePod =
  (judge: (pod: Pod) => readonly string[]) =>
  (resource: Resource): readonly string[] => {
    if (isOpaque(resource)) {
      return [`${resource.kind}: nobody can see into it; declare the objects that it holds one by one`];
    }
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
