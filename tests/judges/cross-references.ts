// Over all rendered objects of a stack: does everything that is referred to exist? An API server takes a loose reference;
// the pod then waits for ever, and the route answers 503.
import {
  type KubernetesObject,
  at,
  describeObject,
  labelsAt,
  listAt,
  namespaceOf,
  podTemplateOf,
  textAt,
} from "./kubernetes-object.ts";
import { customProblems } from "./custom-references.ts";
import { type Provided, podLabelsMadeBy, providedBy } from "./operator-made.ts";
import { podReferences } from "./pod-references.ts";
import { routeProblems } from "./route-references.ts";
import { isEmptySelector, selects, selectsAll } from "./selectors.ts";
import { type World, missing } from "./world.ts";

export interface StackObjects {
  /** All objects of the stack, with the names that they have in the cluster. */
  objects: readonly KubernetesObject[];
  /** What the cluster has already, or what somebody else makes: it counts as there. */
  external?: readonly Provided[];
}

/** Every loose reference, as a sentence; none means that the set is whole. */
export function crossReferences({ objects, external = [] }: StackObjects): string[] {
  const world: World = {
    objects,
    provided: [...objects.flatMap(providedBy), ...external],
    pods: objects.flatMap(podsOf),
  };
  const find = (object: KubernetesObject) => [
    ...podProblems(object, world),
    ...selectorProblems(object, world),
    ...routeProblems(object, world),
    ...customProblems(object, world),
  ];
  return [
    ...twins(objects),
    ...objects.flatMap((object) => find(object).map((problem) => `${describeObject(object)}: ${problem}`)),
  ];
}

function twins(objects: readonly KubernetesObject[]): string[] {
  const names = objects.map((object) => `${object.apiVersion.split("/")[0]} ${describeObject(object)}`);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
    (name) => `${name}: declared twice`,
  );
}

function podsOf(object: KubernetesObject): World["pods"] {
  const namespace = namespaceOf(object);
  const made = podLabelsMadeBy(object);
  if (made) return [{ namespace, labels: made, ports: [] }];
  const pods = podTemplateOf(object);
  if (pods === undefined) return [];
  const ports = ["initContainers", "containers"]
    .flatMap((list) => listAt(pods.template, "spec", list))
    .flatMap((container) => listAt(container, "ports"));
  return [{ namespace, labels: labelsAt(pods.template, "metadata", "labels"), ports }];
}

function podProblems(object: KubernetesObject, world: World): string[] {
  const pods = podTemplateOf(object);
  if (pods === undefined) return [];
  const problems = podReferences(at(pods.template, "spec"), `${pods.path}spec`).flatMap(
    ({ path, optional, ...wanted }) => {
      const problem = optional ? undefined : missing(world, { ...wanted, namespace: namespaceOf(object) });
      return problem === undefined ? [] : [`${path}: ${problem}`];
    },
  );
  const headless = textAt(object, "spec", "serviceName");
  if (object.kind !== "StatefulSet" || headless === undefined) return problems;
  const problem = missing(world, { kind: "Service", namespace: namespaceOf(object), name: headless });
  return problem === undefined ? problems : [...problems, `spec.serviceName: ${problem}`];
}

function selectorProblems(object: KubernetesObject, world: World): string[] {
  const near = world.pods.filter(({ namespace }) => namespace === namespaceOf(object));
  const spec = at(object, "spec");
  if (object.kind === "PodDisruptionBudget" && object.apiVersion === "policy/v1") {
    return near.some(({ labels }) => selects(spec["selector"], labels)) ? [] : ["spec.selector: selects no pod"];
  }
  if (object.kind === "NetworkPolicy") {
    const chosen =
      isEmptySelector(spec["podSelector"]) || near.some(({ labels }) => selects(spec["podSelector"], labels));
    return chosen ? [] : ["spec.podSelector: selects no pod"];
  }
  const selector = labelsAt(spec, "selector");
  if (object.kind !== "Service" || object.apiVersion !== "v1" || Object.keys(selector).length === 0) return [];
  const chosen = near.filter(({ labels }) => selectsAll(selector, labels));
  if (chosen.length === 0) return ["spec.selector: selects no pod"];
  return listAt(spec, "ports").flatMap(({ port, targetPort = port, protocol = "TCP" }) => {
    const open = chosen.flatMap(({ ports }) => ports).filter((one) => (one.protocol ?? "TCP") === protocol);
    const made = chosen.every(({ ports }) => ports.length === 0);
    const hit =
      made ||
      open.some(({ name, containerPort }) =>
        typeof targetPort === "string" ? name === targetPort : containerPort === targetPort,
      );
    return hit ? [] : [`spec.ports: no selected pod declares the port ${String(targetPort)}/${String(protocol)}`];
  });
}
