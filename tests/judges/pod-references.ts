import { type Json, at, listAt, textAt } from "./kubernetes-object.ts";

export interface PodReference {
  path: string;
  kind: "Secret" | "ConfigMap" | "ServiceAccount" | "PersistentVolumeClaim";
  name: string;
  key?: string | undefined;
  optional: boolean;
}

/** Everything in its namespace that a pod cannot start without. */
export function podReferences(pod: Json, path: string): PodReference[] {
  const account = textAt(pod, "serviceAccountName");
  const pulls = listAt(pod, "imagePullSecrets").map(({ name }) => ({
    path: `${path}.imagePullSecrets`,
    kind: "Secret" as const,
    name: String(name),
    optional: false,
  }));
  const accounts =
    account === undefined || account === "default"
      ? []
      : [{ path: `${path}.serviceAccountName`, kind: "ServiceAccount" as const, name: account, optional: false }];
  const volumes = listAt(pod, "volumes").flatMap((volume) =>
    volumeReferences(volume, `${path}.volumes ${String(volume["name"])}`),
  );
  const containers = ["initContainers", "containers"].flatMap((list) =>
    listAt(pod, list).map((container) => ({ container, path: `${path}.${list} ${String(container["name"])}` })),
  );
  return [
    ...accounts,
    ...pulls,
    ...volumes,
    ...containers.flatMap((entry) => environmentReferences(entry.container, entry.path)),
  ];
}

function volumeReferences(volume: Json, path: string): PodReference[] {
  const claim = textAt(volume, "persistentVolumeClaim", "claimName");
  const claims =
    claim === undefined ? [] : [{ path, kind: "PersistentVolumeClaim" as const, name: claim, optional: false }];
  const secret = at(volume, "secret");
  const own = source(path, "Secret", secret, textAt(secret, "secretName"));
  const map = source(path, "ConfigMap", at(volume, "configMap"), textAt(volume, "configMap", "name"));
  const projected = listAt(volume, "projected", "sources").flatMap((one) => [
    ...source(path, "Secret", at(one, "secret"), textAt(one, "secret", "name")),
    ...source(path, "ConfigMap", at(one, "configMap"), textAt(one, "configMap", "name")),
  ]);
  return [...claims, ...own, ...map, ...projected];
}

/** A volume's source: the object, and each key that its items name. */
function source(path: string, kind: "Secret" | "ConfigMap", from: Json, name: string | undefined): PodReference[] {
  if (name === undefined) return [];
  const whole = { path, kind, name, optional: from["optional"] === true };
  return [whole, ...listAt(from, "items").map(({ key }) => ({ ...whole, key: String(key) }))];
}

function environmentReferences(container: Json, path: string): PodReference[] {
  const one = (place: string, kind: "Secret" | "ConfigMap", from: Json): PodReference[] => {
    const name = textAt(from, "name");
    return name === undefined
      ? []
      : [{ path: place, kind, name, key: textAt(from, "key"), optional: from["optional"] === true }];
  };
  const variables = listAt(container, "env").flatMap((variable) => [
    ...one(`${path}.env ${String(variable["name"])}`, "Secret", at(variable, "valueFrom", "secretKeyRef")),
    ...one(`${path}.env ${String(variable["name"])}`, "ConfigMap", at(variable, "valueFrom", "configMapKeyRef")),
  ]);
  const whole = listAt(container, "envFrom").flatMap((from) => [
    ...one(`${path}.envFrom`, "Secret", at(from, "secretRef")),
    ...one(`${path}.envFrom`, "ConfigMap", at(from, "configMapRef")),
  ]);
  return [...variables, ...whole];
}
