/** Command lines of the node's programs, for the first process of the node to start. */
import path from "node:path";
import type { Binaries } from "./binaries.ts";
import { apiPort, helperImage, nodeAddress, nodeName, serviceRange, type Places } from "./settings.ts";

export interface Daemon {
  readonly name: string;
  /** Started at once, or when the API server is ready: a program that finds none gives up or waits too long. */
  readonly when: "first" | "ready";
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Options as a program takes them: `--name=value`. */
const options = (values: Readonly<Record<string, string | number | boolean>>) =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

/** Each program serves its health and figures inside the node only. */
export const daemonsOf = (places: Places, binaries: Binaries): readonly Daemon[] => [
  { name: "etcd", when: "first", argv: ["etcd", ...etcd(places)] },
  { name: "kube-apiserver", when: "first", argv: [program(binaries, "kube-apiserver"), ...apiServer(places)] },
  { name: "api-socket", when: "first", argv: apiSocket(places) },
  { name: "containerd", when: "first", argv: ["containerd", "-c", path.join(places.run, "containerd.toml")] },
  { name: "controllers", when: "ready", argv: [program(binaries, "kube-controller-manager"), ...controllers(places)] },
  { name: "scheduler", when: "ready", argv: [program(binaries, "kube-scheduler"), ...scheduler(places)] },
  { name: "kubelet", when: "ready", argv: [program(binaries, "kubelet"), ...kubelet(places)] },
  {
    name: "kube-proxy",
    when: "ready",
    argv: [program(binaries, "kube-proxy"), `--config=${path.join(places.run, "kube-proxy.json")}`],
  },
  { name: "netpol", when: "ready", argv: [path.join(binaries.netpol, "netpol"), ...policies(places)] },
  localPath(places, binaries),
];

const program = ({ kubernetes }: Binaries, name: string) => path.join(kubernetes, name);
const key = ({ pki }: Places, name: string) => path.join(pki, name);

/** Where the API server is reached through the file system, for the one who listens outside the node's network. */
export const apiSocketOf = ({ run }: Places): string => path.join(run, "api.sock");

const apiSocket = (places: Places) => [
  "socat",
  `UNIX-LISTEN:${apiSocketOf(places)},fork,mode=600,unlink-early`,
  `TCP:127.0.0.1:${apiPort}`,
];

function etcd({ data }: Places): string[] {
  const [clients, peers] = ["http://127.0.0.1:2379", "http://127.0.0.1:2380"];
  const urls = {
    "listen-client-urls": clients,
    "advertise-client-urls": clients,
    "listen-peer-urls": peers,
    "initial-advertise-peer-urls": peers,
    "initial-cluster": `${nodeName}=${peers}`,
  };
  // Nothing of it outlasts a power cut, and need not.
  return [...options({ name: nodeName, "data-dir": path.join(data, "etcd"), ...urls }), "--unsafe-no-fsync"];
}

const apiServer = (places: Places) =>
  options({
    "etcd-servers": "http://127.0.0.1:2379",
    "bind-address": "0.0.0.0",
    "secure-port": apiPort,
    "advertise-address": nodeAddress,
    "service-cluster-ip-range": serviceRange,
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": true,
    "client-ca-file": key(places, "ca.crt"),
    "tls-cert-file": key(places, "apiserver.crt"),
    "tls-private-key-file": key(places, "apiserver.key"),
    "kubelet-client-certificate": key(places, "kubelet-client.crt"),
    "kubelet-client-key": key(places, "kubelet-client.key"),
    "kubelet-certificate-authority": key(places, "ca.crt"),
    "kubelet-preferred-address-types": "InternalIP",
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": key(places, "accounts.pub"),
    "service-account-signing-key-file": key(places, "accounts.key"),
    "requestheader-client-ca-file": key(places, "front.crt"),
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-username-headers": "X-Remote-User",
    "proxy-client-cert-file": key(places, "front-client.crt"),
    "proxy-client-key-file": key(places, "front-client.key"),
  });

const asUser = (places: Places, user: string) => {
  const kubeconfig = key(places, `${user}.conf`);
  const all = { kubeconfig, "authentication-kubeconfig": kubeconfig, "authorization-kubeconfig": kubeconfig };
  return options({ ...all, "bind-address": "127.0.0.1", "leader-elect": false });
};

const controllers = (places: Places) => [
  ...asUser(places, "controllers"),
  ...options({
    "use-service-account-credentials": true,
    "service-account-private-key-file": key(places, "accounts.key"),
    "root-ca-file": key(places, "ca.crt"),
    "cluster-signing-cert-file": key(places, "ca.crt"),
    "cluster-signing-key-file": key(places, "ca.key"),
    "client-ca-file": key(places, "ca.crt"),
    // At its usual 20 a second, fetching each controller's own credentials takes five seconds.
    "kube-api-qps": 300,
    "kube-api-burst": 600,
  }),
];

const scheduler = (places: Places) => asUser(places, "scheduler");

const kubelet = (places: Places) =>
  options({
    config: path.join(places.run, "kubelet.json"),
    kubeconfig: key(places, "kubelet.conf"),
    "hostname-override": nodeName,
    "node-ip": nodeAddress,
    // Of its own: two kubelets under one group would end each other's pods.
    "cgroup-root": `/${places.cgroup}`,
  });

/** Where the controller hears of new pods from the plugin at the end of the CNI chain. */
export const policySocketOf = ({ run }: Places): string => path.join(run, "netpol.sock");

const policies = (places: Places) => ["-kubeconfig", key(places, "addons.conf"), "-socket", policySocketOf(places)];

const localPath = (places: Places, binaries: Binaries): Daemon => ({
  name: "local-path",
  when: "ready",
  argv: [
    path.join(binaries["local-path-provisioner"], "local-path-provisioner"),
    "start",
    ...options({
      config: path.join(places.run, "local-path", "config.json"),
      kubeconfig: key(places, "addons.conf"),
      namespace: "local-path-storage",
      "service-account-name": "local-path",
      "provisioner-name": "rancher.io/local-path",
      "helper-image": helperImage,
      "helper-pod-file": path.join(places.run, "local-path", "helperPod.yaml"),
    }),
  ],
  env: { CONFIG_MOUNT_PATH: path.join(places.run, "local-path") },
});
