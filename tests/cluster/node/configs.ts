/** Configuration files of the node's programs, written into the cluster's folder at each start. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Binaries } from "./binaries.ts";
import { policySocketOf } from "./daemons.ts";
import { dnsService, helperImage, nodeName, pauseImage, podRange, type Places } from "./settings.ts";

const debianPlugins = "/usr/lib/cni";
/** One folder with links to Debian's plugins and to ours: containerd 1.6 takes only one. */
const pluginsOf = ({ run }: Places): string => path.join(run, "cni-plugins");

export async function writeConfigs(places: Places, binaries: Binaries): Promise<void> {
  const files: Readonly<Record<string, string>> = {
    "containerd.toml": containerd(places),
    "kubelet.json": json(kubelet(places)),
    "kube-proxy.json": json(kubeProxy(places)),
    "cni/10-frappe-test.conflist": json(network(places)),
    "local-path/config.json": json(localPath(places)),
    "local-path/helperPod.yaml": json(helperPod),
    "resolv.conf": "# no server above the cluster's own, on purpose: nothing leaves the node\n",
  };
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(places.run, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  const plugins = pluginsOf(places);
  await mkdir(plugins);
  await symlink(path.join(binaries.netpol, "netpol"), path.join(plugins, "netpol"));
  for (const name of ["bridge", "host-local", "loopback", "portmap"]) {
    await symlink(path.join(debianPlugins, name), path.join(plugins, name));
  }
}

const json = (content: object) => JSON.stringify(content, undefined, 2);

/** containerd 1.6's own format, with what a machine without a registry and without CAP_SYS_RESOURCE needs. */
const containerd = (places: Places) => `
version = 2
root = "${places.data}/containerd"
state = "${places.run}/containerd"
disabled_plugins = [${["devmapper", "zfs", "btrfs", "aufs"].map((name) => `"io.containerd.snapshotter.v1.${name}"`).join(", ")}]
[grpc]
  address = "${containerdSocketOf(places)}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${places.run}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # Without CAP_SYS_RESOURCE no score can be lowered, and every sandbox would die of the attempt.
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${pluginsOf(places)}"
    conf_dir = "${places.run}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;

export const containerdSocketOf = ({ run }: Places): string => path.join(run, "containerd.sock");

const kubelet = (places: Places) => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  containerRuntimeEndpoint: `unix://${containerdSocketOf(places)}`,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: path.join(places.pki, "ca.crt") },
  },
  authorization: { mode: "Webhook" },
  tlsCertFile: path.join(places.pki, "kubelet-server.crt"),
  tlsPrivateKeyFile: path.join(places.pki, "kubelet-server.key"),
  clusterDNS: [dnsService],
  clusterDomain: "cluster.local",
  resolvConf: path.join(places.run, "resolv.conf"),
  cgroupDriver: "cgroupfs",
  failCgroupV1: false,
  failSwapOn: false,
  maxPods: 110,
  serializeImagePulls: false,
  // Without a registry, an image that is collected could not be pulled again.
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  // The disk is the machine's: how full others made it says nothing about the pods.
  evictionHard: {
    "memory.available": "100Mi",
    "nodefs.available": "1%",
    "nodefs.inodesFree": "1%",
    "imagefs.available": "1%",
    "imagefs.inodesFree": "1%",
  },
  nodeStatusReportFrequency: "1m",
  shutdownGracePeriod: "0s",
});

const kubeProxy = (places: Places) => ({
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  mode: "iptables",
  clientConnection: { kubeconfig: path.join(places.pki, "proxy.conf") },
  clusterCIDR: podRange,
  hostnameOverride: nodeName,
  bindAddress: "0.0.0.0",
  healthzBindAddress: "127.0.0.1:10256",
  metricsBindAddress: "127.0.0.1:10249",
  // These would change the machine's own table of connections.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
});

const network = (places: Places) => ({
  cniVersion: "1.0.0",
  name: nodeName,
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: { type: "host-local", ranges: [[{ subnet: podRange }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
    { type: "netpol", socket: policySocketOf(places) },
  ],
});

const localPath = ({ data }: Places) => ({
  storageClassConfigs: {
    "local-path": { nodePathMap: [{ node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: [`${data}/volumes`] }] },
    "local-path-rwx": { sharedFileSystemPath: `${data}/volumes-rwx` },
  },
});

const helperPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "helper-pod" },
  spec: {
    priorityClassName: "system-node-critical",
    tolerations: [{ key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" }],
    containers: [{ name: "helper-pod", image: helperImage, imagePullPolicy: "Never" }],
  },
};
