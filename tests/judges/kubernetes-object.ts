/** A rendered Kubernetes object, as it would be sent to the API server. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface ObjectMeta {
  name?: string;
  namespace?: string;
  labels?: Labels;
  annotations?: Labels;
  [field: string]: unknown;
}

export type Labels = Readonly<Record<string, string>>;

/** Any JSON object, read without trust: `at` and `listAt` answer what is there, or nothing. */
export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object at a path of field names; an empty one where there is none. */
export function at(value: unknown, ...fields: string[]): Json {
  const found = valueAt(value, ...fields);
  return isObject(found) ? found : {};
}

export function valueAt(value: unknown, ...fields: string[]): unknown {
  return fields.reduce<unknown>((inner, field) => (isObject(inner) ? inner[field] : undefined), value);
}

/** The objects in the list at a path; none where there is no list. */
export function listAt(value: unknown, ...fields: string[]): Json[] {
  const found = valueAt(value, ...fields);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

export function textAt(value: unknown, ...fields: string[]): string | undefined {
  const found = valueAt(value, ...fields);
  return typeof found === "string" ? found : undefined;
}

/** The text itself, or what stands for anything else. */
export const textOf = (value: unknown, otherwise = ""): string => (typeof value === "string" ? value : otherwise);

export function labelsAt(value: unknown, ...fields: string[]): Labels {
  const entries = Object.entries(at(value, ...fields)).filter(([, text]) => typeof text === "string");
  return Object.fromEntries(entries) as Labels;
}

export const namespaceOf = (object: KubernetesObject): string => object.metadata.namespace ?? "default";

export function describeObject(object: unknown): string {
  const name = textAt(object, "metadata", "name") ?? "(no name)";
  const namespace = textAt(object, "metadata", "namespace");
  return `${textAt(object, "kind") ?? "(no kind)"} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** Where the pod template of a workload stands; undefined for kinds that make no pods. */
export function podTemplateOf(object: KubernetesObject): { path: string; template: Json } | undefined {
  switch (object.kind) {
    case "Pod":
      return { path: "", template: object };
    case "CronJob":
      return {
        path: "spec.jobTemplate.spec.template.",
        template: at(object, "spec", "jobTemplate", "spec", "template"),
      };
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "ReplicaSet":
    case "Job":
      return { path: "spec.template.", template: at(object, "spec", "template") };
    default:
      return undefined;
  }
}
