/** Docker: which arguments can change in place. Source: pulumi-docker 5.2 (terraform-provider-docker, ForceNew of its schemas). */
import type { OfflinePackage } from "../package.ts";
import { unknown } from "../value.ts";

/** Arguments that change in place, by type; whatever else changes replaces. */
const inPlace: Readonly<Record<string, readonly string[]>> = {
  "docker:index/container:Container": [
    "attach",
    "containerReadRefreshTimeoutMilliseconds",
    "cpuSet",
    "cpuShares",
    "destroyGraceSeconds",
    "maxRetryCount",
    "memory",
    "memorySwap",
    "mustRun",
    "removeVolumes",
    "restart",
    "start",
    "wait",
    "waitTimeout",
  ],
  "docker:index/remoteImage:RemoteImage": ["forceRemove", "keepLocally"],
  "docker:index/network:Network": [],
  "docker:index/volume:Volume": [],
};

export const docker: OfflinePackage = {
  name: "docker",
  check: ({ inputs }) => inputs,
  replaces: ({ type }, { keys }) => !(inPlace[type] ?? []).includes(keys[0] ?? ""),
  // Names and host ports of containers, networks and volumes are taken until the old one is gone.
  deletesFirst: (olds, news) => news["name"] !== undefined && olds["name"] === news["name"],
  outputs: ({ type }, preview) =>
    type === "docker:index/remoteImage:RemoteImage" && preview ? { imageId: unknown, repoDigest: unknown } : {},
};
