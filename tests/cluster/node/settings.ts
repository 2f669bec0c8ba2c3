/** Names, addresses and places of the cluster of the tests. Its addresses are of namespaces of its own: they meet nobody's. */
import path from "node:path";
import { environment } from "../../../engine/environment.ts";

export const nodeName = "frappe-test";
/** A second cluster, which its own tests kill. */
export const trialName = "frappe-node-test";
export const nodeAddress = "10.99.0.1";
export const podRange = "10.244.0.0/24";
export const serviceRange = "10.96.0.0/16";
/** The first address of the range, which the API server takes for itself. */
export const apiService = "10.96.0.1";
export const dnsService = "10.96.0.10";
/** Inside the node; outside it is another one, on loopback, chosen when the cluster starts. */
export const apiPort = 6443;

export const kubernetesVersion = "v1.33.13";
export const pauseImage = "localhost/frappe-pause:1";
export const corednsImage = "localhost/frappe-coredns:1.14.7";
/** The image of local-path's helper pods: needs a shell, mkdir and rm. */
export const helperImage = "localhost/frappe-debian:12";

/** Where everything of the cluster lies, outside the tree. */
export const clusterHome = (): string => path.join(environment.cacheHome(), "cluster");

/** The folders of one cluster. What is in `run` ends with it; of `data` only containerd's images outlast it. */
export interface Places {
  readonly name: string;
  readonly home: string;
  readonly run: string;
  readonly data: string;
  readonly log: string;
  readonly pki: string;
  readonly kubeconfig: string;
  /** Of every controller of the machine's. */
  readonly cgroup: string;
}

export function placesOf(name: string): Places {
  const home = path.join(clusterHome(), name);
  const inside = (part: string) => path.join(home, part);
  return {
    name,
    home,
    run: inside("run"),
    data: inside("data"),
    log: inside("log"),
    pki: inside("run/pki"),
    kubeconfig: inside("run/admin.conf"),
    cgroup: name,
  };
}
