/** The ledger of releases, asked as `npm run releases` asks it: in a pod of the bench that serves. */
import assert from "node:assert/strict";
import { connectTo } from "../../../operate/cluster.ts";
import { readLedger, type ListedRelease } from "../../../operate/ledger-reader.ts";
import { KubeConfig } from "@kubernetes/client-node";
import type { Platform } from "./platform.ts";

/** All releases, the oldest first. */
export async function releasesOf({ cluster, namespace }: Platform): Promise<readonly ListedRelease[]> {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromFile(cluster.kubeconfig);
  return readLedger(connectTo({ context: cluster.context, namespace }, kubeconfig));
}

export async function lastRelease(platform: Platform): Promise<ListedRelease> {
  const last = (await releasesOf(platform)).at(-1);
  assert.ok(last, "the ledger is empty");
  return last;
}
