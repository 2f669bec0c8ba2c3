/**
 * Whatever loses data with it is protected from deletion. Policies are not told of `retainOnDelete`: the preview's summary shows
 * it, beside each resource that holds data.
 */
import { labels } from "../constants/labels.ts";
import { rebuildable } from "../constants/rebuildable.ts";
import { at, items, text } from "./shared/known.ts";
import { labelOf, type Resource, type Rule } from "./shared/rule.ts";

/** Data by what they are: servers that an operator keeps, and the namespace that takes all in it along. */
const always: Readonly<Record<string, string>> = {
  "k8s.mariadb.com/MariaDB": "it is a database",
  "postgresql.cnpg.io/Cluster": "it is a database",
  "core/Namespace": "all that is in it goes with it",
};
/** Values that are made once and stored nowhere else. */
const madeOnce = /^(?:random:index\/random(?:Password|Bytes|String)|tls:index\/privateKey):/;

const oneOf = (known: readonly string[], name: unknown) => known.includes(text(name) ?? "");

/** The claims that a resource makes, by name. One from a template goes with its StatefulSet; one that is mounted answers for itself. */
function claimsOf({ kind, props }: Resource): readonly unknown[] {
  const templates = at(props, "spec", "volumeClaimTemplates");
  if (kind === "core/PersistentVolumeClaim") {
    return [at(props, "metadata", "name")];
  }
  if (kind !== "apps/StatefulSet" || templates === undefined) {
    return [];
  }
  return Array.isArray(templates) ? items(templates).map((one) => at(one, "metadata", "name")) : [templates];
}

/** A label alone makes nobody's data worthless: the claim is one that is known to be made anew. */
const isRebuildable = (resource: Resource) =>
  labelOf(resource, labels.rebuildable) === "true" &&
  claimsOf(resource).every((name) => oneOf(rebuildable.claims, name));

/** Why the resource is taken for data; undefined where it is none. */
function reasonOf(resource: Resource): string | undefined {
  if (labelOf(resource, labels.holdsData) === "true") {
    return "it holds data";
  }
  if (madeOnce.test(resource.type)) {
    return oneOf(rebuildable.passwords, resource.name) ? undefined : "its value is made once";
  }
  if (Object.hasOwn(always, resource.kind)) {
    return always[resource.kind];
  }
  return claimsOf(resource).length > 0 && !isRebuildable(resource)
    ? `it keeps a volume and is none of those that are made anew (label ${labels.rebuildable}, constants/rebuildable.ts)`
    : undefined;
}

export const statefulProtected: Rule = {
  name: "frappe-stateful-protected",
  description: "What holds data cannot be deleted by an update.",
  remedy: `Set frappe:lifecycle.protectData to true; what can be built anew stands in constants/rebuildable.ts`,
  judge: (resource) => {
    const reason = reasonOf(resource);
    return reason === undefined || resource.isProtected ? [] : [`not protected, and ${reason}`];
  },
};
