/** Whether this machine can hold a Kubernetes node at all; where it cannot, what is missing and what to do. */
import { existsSync, statfsSync, mkdirSync } from "node:fs";
import { run, tail } from "../../../engine/run.ts";
import { findTool } from "../../support/tools.ts";
import { clusterHome } from "./settings.ts";

export class MachineError extends Error {}

const refuse = (what: string, why: string, remedy: string) =>
  new MachineError(`the cluster of the tests cannot run here: ${what}\n    why: ${why}\n    remedy: ${remedy}`);

/** Magic number of overlayfs, from Linux' linux/magic.h. */
const overlay = 0x794c7630;

/** @throws MachineError with the first thing that is missing. Needs no package; changes nothing but loading kernel modules. */
export async function requireMachine(): Promise<void> {
  if (process.platform !== "linux") {
    throw refuse(
      `this is ${process.platform}`,
      "containers are made of Linux' namespaces",
      "use a Linux machine or VM",
    );
  }
  if (process.getuid?.() !== 0) {
    throw refuse("not root", "it makes namespaces, mounts and control groups", "run the same command as root");
  }
  if (!existsSync("/etc/debian_version")) {
    throw refuse(
      "this is no Debian",
      "containerd, etcd and runc come from its packages",
      "use Debian 12, or a container of it",
    );
  }
  if (findTool("go") === undefined) {
    throw refuse("go is missing", "Kubernetes is built from its Go modules", "install Go 1.26 (https://go.dev/dl)");
  }
  if (controlGroups() === undefined) {
    throw refuse("no control groups", "the kubelet keeps pods in them", "mount /sys/fs/cgroup, writable");
  }
  await requireNamespaces();
  await requireKernel();
  requireStackableFolder();
}

/** Version of the control groups that hold the controllers; undefined where there are none. */
export function controlGroups(): 1 | 2 | undefined {
  if (existsSync("/sys/fs/cgroup/cgroup.controllers")) return 2;
  return existsSync("/sys/fs/cgroup/memory/cgroup.procs") ? 1 : undefined;
}

async function requireNamespaces(): Promise<void> {
  const argv = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "true"] as const;
  const { code, stderr } = await run(argv, { seconds: 30 });
  if (code !== 0) {
    const remedy = "run it with CAP_SYS_ADMIN and CAP_NET_ADMIN; in a container: --privileged";
    throw refuse("no namespaces can be made", `unshare said: ${tail(stderr)}`, remedy);
  }
}

/** Bridged packets must pass the packet filter, or no policy between pods holds. */
async function requireKernel(): Promise<void> {
  const needed = { br_netfilter: "/proc/sys/net/bridge", nf_conntrack: "/proc/sys/net/netfilter", overlay: undefined };
  for (const [module, proof] of Object.entries(needed)) {
    if (proof === undefined || existsSync(proof)) continue;
    const said = findTool("modprobe") === undefined ? "no modprobe here" : (await modprobe(module)).trim();
    if (!existsSync(proof)) {
      throw refuse(`no ${proof}`, `the kernel's ${module} is not loaded (${said})`, `modprobe ${module}`);
    }
  }
}

const modprobe = async (module: string) => (await run(["modprobe", module], { seconds: 30 })).stderr;

function requireStackableFolder(): void {
  const home = clusterHome();
  mkdirSync(home, { recursive: true });
  if (statfsSync(home).type === overlay) {
    const remedy = "mount a volume there, or set XDG_CACHE_HOME to a folder on a disk";
    throw refuse(`${home} lies on overlayfs`, "containers' file systems cannot be stacked on one", remedy);
  }
}
