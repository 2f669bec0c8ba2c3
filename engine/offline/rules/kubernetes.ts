/**
 * Kubernetes: which changes replace an object, and how it gets a name that nobody gave it.
 * Source: pulumi-kubernetes, provider/pkg/provider/diff.go and provider/pkg/metadata/naming.go, 4.34.
 */
import { createHash } from "node:crypto";
import type { OfflinePackage } from "../package.ts";
import { at, isObject, isSecret, plain, same, secret, unknown, type Properties, type Value } from "../value.ts";

const always = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];

/** Paths whose change replaces, by `group/kind`; everything below a path counts. */
const replacing: Readonly<Record<string, readonly string[]>> = {
  "apps/DaemonSet": ["spec.selector"],
  "apps/Deployment": ["spec.selector"],
  "apps/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "core/ConfigMap": ["binaryData", "data"],
  "core/PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "core/Secret": ["data", "stringData", "type"],
  "core/Service": ["spec.clusterIP"],
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/RoleBinding": ["roleRef"],
  "storage.k8s.io/StorageClass": ["parameters", "provisioner"],
};

const autonamed = "pulumi.com/autonamed";

/** `kubernetes:apps/v1:Deployment` → `apps/Deployment`. */
export function groupKind(type: string): string {
  const [, groupVersion = "", kind = ""] = type.split(":");
  return `${groupVersion.split("/")[0] ?? ""}/${kind}`;
}

const isBelow = (keys: readonly string[], path: string) => {
  const prefix = path.split(".");
  return prefix.every((key, i) => keys[i] === key);
};

/** The metadata without marks of secrecy. */
const metadataOf = (inputs: Properties): Properties => {
  const metadata = plain(inputs["metadata"]);
  return isObject(metadata) ? metadata : {};
};

const isAutonamed = (inputs: Properties) => at(inputs, ["metadata", "annotations", autonamed]) === "true";

/** `value` with these keys added; where it is secret as a whole, so is the result. */
function extended(value: Value | undefined, added: Properties): Value {
  if (isObject(value) && isSecret(value)) {
    return secret(extended(value["value"], added));
  }
  return { ...(isObject(value) ? value : {}), ...added };
}

function named(inputs: Properties, name: string): Properties {
  const { metadata } = inputs;
  const inner = isObject(metadata) && isSecret(metadata) ? metadata["value"] : metadata;
  const annotations = extended(at(inner, ["annotations"]), { [autonamed]: "true" });
  return { ...inputs, metadata: extended(metadata, { annotations, name }) };
}

export const kubernetes: OfflinePackage = {
  name: "kubernetes",

  check({ name, inputs, olds, seed }) {
    const { name: given, generateName } = metadataOf(inputs);
    if (given !== undefined || generateName !== undefined) {
      return inputs;
    }
    const old = olds && isAutonamed(olds) ? metadataOf(olds)["name"] : undefined;
    const suffix = createHash("sha256").update(seed).digest("hex").slice(0, 8);
    return named(inputs, typeof old === "string" ? old : `${name}-${suffix}`);
  },

  replaces({ type }, { keys }) {
    return [...always, ...(replacing[groupKind(type)] ?? [])].some((path) => isBelow(keys, path));
  },

  /** An object with a name of its own choosing cannot stand beside another of that name. */
  deletesFirst(olds, news) {
    const { name, namespace } = metadataOf(news);
    const before = metadataOf(olds);
    const stays = same(before["name"], name) && same(before["namespace"], namespace);
    return name !== undefined && !isAutonamed(news) && stays;
  },

  outputs({ type }, preview) {
    // A Service's status is what others most often wait for; nobody knows it before it is there.
    return preview && groupKind(type) === "core/Service" ? { status: unknown } : {};
  },
};
