/** Label keys and values that components write and policies judge. */
export const labels = {
  name: "app.kubernetes.io/name",
  instance: "app.kubernetes.io/instance",
  version: "app.kubernetes.io/version",
  component: "app.kubernetes.io/component",
  partOf: "app.kubernetes.io/part-of",
  managedBy: "app.kubernetes.io/managed-by",
  /** dev, staging or prod. */
  environment: "frappe-platform/environment",
  /** Release that a bench workload belongs to; part of its selector, so a release replaces the workload. */
  release: "frappe-platform/release",
  /** On the ConfigMap that carries the facts of a release for reviewers and policies. */
  releaseManifest: "frappe-platform/release-manifest",
  /** On every object whose loss loses data or makes data unreadable. */
  holdsData: "frappe-platform/holds-data",
  /** On volumes whose content is made anew by itself: series, silences. Losing one loses no data of the sites. */
  rebuildable: "frappe-platform/rebuildable",
  /** On every pod that mounts the sites volume; with a single-node volume they attract each other. */
  mountsSites: "frappe-platform/mounts-sites",
  podSecurityEnforce: "pod-security.kubernetes.io/enforce",
} as const;

export const partOf = "frappe-platform";
export const managedBy = "pulumi";
