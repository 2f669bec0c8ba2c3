/** Looking into a pod from its node: an image of one program has no shell to be asked. */
import assert from "node:assert/strict";
import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../node/index.ts";
import type { Ended } from "../../../engine/run.ts";

/** Number of each container's first process, as the node counts, by the container's id. */
export async function processes(cluster: Cluster): Promise<ReadonlyMap<string, number>> {
  const { code, stdout, stderr } = await cluster.enter([...cluster.ctr, "tasks", "list"]);
  assert.equal(code, 0, stderr);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  return new Map(rows.flatMap(([id = "", pid, status]) => (status === "RUNNING" ? [[id, Number(pid)] as const] : [])));
}

/** Ids of a pod's containers, by name. */
export const containersOf = ({ status }: V1Pod): readonly { readonly name: string; readonly id: string }[] =>
  (status?.containerStatuses ?? []).map(({ name, containerID = "" }) => ({
    name,
    id: containerID.replace(/^.*\/\//, ""),
  }));

/** Runs a command of the node's in the network of a pod. */
export async function inNetworkOf(
  cluster: Cluster,
  pod: V1Pod,
  argv: readonly [string, ...string[]],
  seconds = 60,
): Promise<Ended> {
  const pid = (await processes(cluster)).get(containersOf(pod)[0]?.id ?? "");
  assert.ok(pid, `${pod.metadata?.name} has no process on the node`);
  return cluster.enter(["nsenter", "--target", String(pid), "--net", "--", ...argv], { seconds });
}

/** Bytes of memory that the processes of these pods hold, page cache left out: as the control groups of version 1 or 2 count it. */
export async function memoryOf(cluster: Cluster, pods: readonly V1Pod[]): Promise<number> {
  const script =
    'for pod; do find /sys/fs/cgroup -path "*/kubepods/*" -path "*/pod$pod/memory.stat" -exec cat {} +; done';
  const { stdout } = await cluster.enter([
    "sh",
    "-c",
    script,
    "sh",
    ...pods.map(({ metadata }) => String(metadata?.uid)),
  ]);
  const found = [...stdout.matchAll(/^(?:total_rss|anon) (\d+)$/gm)].map(([, bytes]) => Number(bytes));
  assert.equal(found.length, pods.length, "control groups of the pods");
  return found.reduce((sum, bytes) => sum + bytes, 0);
}
