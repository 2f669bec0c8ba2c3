/**
 * Whatever loses data with it is protected from deletion. Policies are not told of `retainOnDelete`: the preview's summary shows
 * it, beside each resource that holds data.
 */
import { labels } from "../constants/labels.ts";
import { at } from "./shared/known.ts";
import { labelOf, type Resource, type Rule } from "./shared/rule.ts";

/** Data by what they are: servers that an operator keeps, and passwords that were made once and are stored nowhere else. */
const always = new Set(["k8s.mariadb.com/MariaDB", "postgresql.cnpg.io/Cluster"]);
const password = "random:index/randomPassword:RandomPassword";

/** A claim that is mounted answers for itself; one made from a template goes with its StatefulSet. */
const makesClaims = ({ kind, props }: Resource) =>
  kind === "apps/StatefulSet" && at(props, "spec", "volumeClaimTemplates") !== undefined;

/** Why the resource is taken for data; undefined where it is none. */
function reasonOf(resource: Resource): string | undefined {
  if (labelOf(resource, labels.holdsData) === "true") {
    return "it holds data";
  }
  if (resource.type === password) {
    return "its value is made once";
  }
  if (always.has(resource.kind)) {
    return "it is a database";
  }
  if (labelOf(resource, labels.rebuildable) === "true") {
    return undefined;
  }
  return resource.kind === "core/PersistentVolumeClaim" || makesClaims(resource)
    ? `it keeps a volume and has neither label ${labels.holdsData} nor ${labels.rebuildable}`
    : undefined;
}

export const statefulProtected: Rule = {
  name: "frappe-stateful-protected",
  description: "What holds data cannot be deleted by an update.",
  remedy: `Set frappe:lifecycle.protectData to true; what can be built anew carries the label ${labels.rebuildable}`,
  judge: (resource) => {
    const reason = reasonOf(resource);
    return reason === undefined || resource.isProtected ? [] : [`not protected, and ${reason}`];
  },
};
