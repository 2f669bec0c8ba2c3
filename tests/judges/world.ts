import type { KubernetesObject, Labels } from "./kubernetes-object.ts";
import type { Provided } from "./operator-made.ts";

/** All that a reference may lead to. */
export interface World {
  provided: readonly Provided[];
  pods: readonly {
    namespace: string;
    labels: Labels;
    ports: readonly { name?: unknown; containerPort?: unknown; protocol?: unknown }[];
  }[];
  objects: readonly KubernetesObject[];
}

/** What is wrong with a reference to an object and, where one is named, to a key in it. */
export function missing(
  world: World,
  wanted: { kind: Provided["kind"]; namespace: string; name: string; key?: string | undefined },
): string | undefined {
  const { kind, namespace, name, key } = wanted;
  const found = world.provided.filter((one) => one.kind === kind && one.namespace === namespace && one.name === name);
  if (found.length === 0) return `no ${kind} ${namespace}/${name}`;
  if (key === undefined || found.some(({ keys }) => keys === undefined || keys.has(key))) return undefined;
  return `${kind} ${namespace}/${name} has no key ${JSON.stringify(key)}`;
}
