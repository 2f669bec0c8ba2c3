/** The Debian packages that the node is made of, installed without a service that starts now or with the machine. */
import { existsSync } from "node:fs";
import { run, tail } from "../../../engine/run.ts";
import { findTool } from "../../support/tools.ts";
import { installPackages } from "../../support/tools-install.ts";

/** One program that shows whether the package is there, by name or by its one place. */
const packages = {
  containerd: "containerd",
  runc: "runc",
  "containernetworking-plugins": "/usr/lib/cni/bridge",
  "etcd-server": "etcd",
  iptables: "iptables",
  nftables: "nft",
  conntrack: "conntrack",
  socat: "socat",
  ebtables: "ebtables",
  iproute2: "ip",
  openssl: "openssl",
  procps: "sysctl",
  "util-linux": "unshare",
  // What tests ask with, from inside the node.
  curl: "curl",
  python3: "python3",
} as const;

/** What brings a service of its own; Debian enables it, and the next start of the machine would run it. */
const services = { containerd: ["containerd"], "etcd-server": ["etcd"] } as const;

const isThere = (program: string) => (program.startsWith("/") ? existsSync(program) : findTool(program) !== undefined);

/** @throws Error with apt's own words, or the remedy where this is no Debian. */
export async function requirePackages(): Promise<void> {
  const missing = Object.entries(packages)
    .filter(([, program]) => !isThere(program))
    .map(([name]) => name);
  if (missing.length === 0) return;
  installPackages(missing, "the cluster of the tests needs programs that are missing");
  const brought = Object.entries(services).flatMap(([name, units]) => (missing.includes(name) ? units : []));
  if (brought.length > 0 && findTool("systemctl") !== undefined) {
    const { code, stderr } = await run(["systemctl", "disable", ...brought], { seconds: 60 });
    if (code !== 0) throw new Error(`${brought.join(", ")} could not be kept from starting: ${tail(stderr)}`);
  }
}
