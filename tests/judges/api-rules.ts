// What an API server checks in code, beyond its published schema: names, labels, sizes, and references inside one object.
import { Problems, labelRules } from "./api-problems.ts";
import { apiRulesOfKind } from "./api-rules-kinds.ts";
import { podRules } from "./api-rules-pod.ts";
import * as names from "./api-names.ts";
import { type KubernetesObject, at, describeObject, listAt, podTemplateOf, textAt } from "./kubernetes-object.ts";
import { prepareSchemas } from "./schemas.ts";

/** The rules that the object breaks; none means that an API server would not refuse it for them. */
export function apiRules(object: KubernetesObject): string[] {
  const problems = new Problems();
  metadataRules(object, problems);
  const pods = podTemplateOf(object);
  if (pods) {
    labelRules(at(pods.template, "metadata"), `${pods.path}metadata`, problems);
    const claims = listAt(object, "spec", "volumeClaimTemplates").map(
      (claim) => textAt(claim, "metadata", "name") ?? "",
    );
    podRules(at(pods.template, "spec"), `${pods.path}spec`, problems, claims);
  }
  apiRulesOfKind(object, problems);
  return problems.found.map((problem) => `${describeObject(object)}: ${problem}`);
}

function metadataRules(object: KubernetesObject, problems: Problems): void {
  const { name, namespace, annotations } = object.metadata;
  if (name === undefined) problems.add("metadata.name", "required, but missing");
  else problems.add("metadata.name", nameRule(object.kind)(name));
  if (namespace !== undefined) problems.add("metadata.namespace", names.dnsLabel(namespace));
  const scope = prepareSchemas().scopeOf(object.apiVersion, object.kind);
  problems.require(
    scope !== "Cluster" || namespace === undefined,
    "metadata.namespace",
    `a ${object.kind} has no namespace`,
  );
  labelRules(object.metadata, "metadata", problems);
  const size = Object.entries(annotations ?? {}).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
  problems.require(size <= 256 << 10, "metadata.annotations", `${size} bytes are more than 256 KiB`);
}

/** Controllers add to the names of what they make, so some names must be shorter than the server itself asks. */
function nameRule(kind: string): (name: string) => string | undefined {
  const atMost = (max: number) => (name: string) =>
    names.dnsLabel(name) ??
    (name.length > max ? `${name.length} characters are more than ${max}, which its pods' labels allow` : undefined);
  switch (kind) {
    case "Service":
      return names.dnsLabel1035;
    case "Namespace":
    case "Job":
      return names.dnsLabel;
    case "StatefulSet":
    case "CronJob":
      return atMost(52);
    case "Role":
    case "RoleBinding":
    case "ClusterRole":
    case "ClusterRoleBinding":
      return names.pathSegment;
    default:
      return names.dnsSubdomain;
  }
}
