/** What every cluster of the tests has besides Kubernetes itself: names (CoreDNS) and volumes (local-path). */
import type { KubernetesObject } from "@kubernetes/client-node";
import { corednsImage, dnsService } from "./settings.ts";

const [system, storage] = ["kube-system", "local-path-storage"];
const meta = (name: string, namespace: string, labels = {}) => ({ metadata: { name, namespace, labels } });
const dns = { "k8s-app": "kube-dns" };

/** `template` answers before `kubernetes` does in a block, so that what lies outside the cluster has a block of its own. */
const corefile = `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 5
    }
    cache 5
}
.:53 {
    errors
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`;

const reading = [
  { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
];

const corednsPod = {
  priorityClassName: "system-cluster-critical",
  serviceAccountName: "coredns",
  dnsPolicy: "Default",
  containers: [
    {
      name: "coredns",
      image: corednsImage,
      imagePullPolicy: "Never",
      args: ["-conf", "/etc/coredns/Corefile"],
      ports: [
        { name: "dns", containerPort: 53, protocol: "UDP" },
        { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
      ],
      readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
      resources: { requests: { cpu: "10m", memory: "20Mi" }, limits: { memory: "170Mi" } },
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      },
      volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
    },
  ],
  volumes: [{ name: "config", configMap: { name: "coredns" } }],
};

const names: readonly KubernetesObject[] = [
  { apiVersion: "v1", kind: "ServiceAccount", ...meta("coredns", system) },
  manifest("rbac.authorization.k8s.io/v1", "ClusterRole", { metadata: { name: "system:coredns" }, rules: reading }),
  manifest("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", {
    metadata: { name: "system:coredns" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
    subjects: [{ kind: "ServiceAccount", name: "coredns", namespace: system }],
  }),
  manifest("v1", "ConfigMap", { ...meta("coredns", system), data: { Corefile: corefile } }),
  manifest("apps/v1", "Deployment", {
    ...meta("coredns", system, dns),
    spec: {
      replicas: 1,
      selector: { matchLabels: dns },
      template: { metadata: { labels: dns }, spec: corednsPod },
    },
  }),
  manifest("v1", "Service", {
    ...meta("kube-dns", system, dns),
    spec: {
      clusterIP: dnsService,
      selector: dns,
      ports: [
        { name: "dns", port: 53, protocol: "UDP" },
        { name: "dns-tcp", port: 53, protocol: "TCP" },
      ],
    },
  }),
];

// Volumes are folders: fsGroup does not reach them, so that they must be anybody's to write.
const scripts = {
  setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
  teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
};

const storageClass = (name: string, isDefault: boolean, volumeBindingMode: string) =>
  manifest("storage.k8s.io/v1", "StorageClass", {
    metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault) } },
    provisioner: "rancher.io/local-path",
    reclaimPolicy: "Delete",
    volumeBindingMode,
  });

const volumes: readonly KubernetesObject[] = [
  manifest("v1", "Namespace", { metadata: { name: storage } }),
  manifest("v1", "ServiceAccount", meta("local-path", storage)),
  manifest("v1", "ConfigMap", { ...meta("local-path-config", storage), data: scripts }),
  storageClass("local-path", true, "WaitForFirstConsumer"),
  storageClass("local-path-rwx", false, "Immediate"),
];

function manifest(apiVersion: string, kind: string, rest: object): KubernetesObject {
  return { apiVersion, kind, ...rest };
}

/** In the order in which they can be made. */
export const addons: readonly KubernetesObject[] = [...names, ...volumes];
