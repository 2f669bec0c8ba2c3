// Small, good objects of each kind that the judges' own tests break in one place at a time.
import type { KubernetesObject } from "./kubernetes-object.ts";

const labels = { "app.kubernetes.io/name": "web" };
const security = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };
const resources = {
  requests: { cpu: "100m", memory: "256Mi" },
  limits: { memory: "1.5Gi", "ephemeral-storage": "1Gi" },
};

export const podSpec = () => ({
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  serviceAccountName: "web",
  securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } },
  terminationGracePeriodSeconds: 40,
  containers: [
    {
      name: "web",
      image: "docker.io/frappe/erpnext@sha256:0000000000000000000000000000000000000000000000000000000000000000",
      command: ["gunicorn"],
      ports: [{ name: "http", containerPort: 8000 }],
      env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }],
      readinessProbe: { httpGet: { port: "http", path: "/", httpHeaders: [{ name: "Host", value: "a.example" }] } },
      livenessProbe: { tcpSocket: { port: 8000 } },
      volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
      securityContext: security,
      resources,
    },
  ],
  volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
});

export const deployment = () => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "frappe", labels },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
    template: { metadata: { labels }, spec: podSpec() },
  },
});

export const statefulSet = () => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "db", namespace: "frappe" },
  spec: {
    serviceName: "db",
    selector: { matchLabels: { app: "db" } },
    template: {
      metadata: { labels: { app: "db" } },
      spec: {
        containers: [{ name: "db", image: "mariadb", volumeMounts: [{ name: "data", mountPath: "/var/lib/mysql" }] }],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "20Gi" } } },
      },
    ],
  },
});

export const service = () => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "frappe" },
  spec: { selector: labels, ports: [{ name: "http", port: 8000, targetPort: "http" }] },
});

export const secret = () => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "db", namespace: "frappe" },
  data: { password: "c2VjcmV0" },
});

export const serviceAccount = () => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: "web", namespace: "frappe" },
});

export const budget = () => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "web", namespace: "frappe" },
  spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
});

export const cronJob = () => ({
  apiVersion: "batch/v1",
  kind: "CronJob",
  metadata: { name: "backup", namespace: "frappe" },
  spec: {
    schedule: "0 3 * * *",
    concurrencyPolicy: "Forbid",
    jobTemplate: {
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "backup", image: "restic" }] } } },
    },
  },
});

export const certificate = () => ({
  apiVersion: "cert-manager.io/v1",
  kind: "Certificate",
  metadata: { name: "edge", namespace: "frappe" },
  spec: {
    secretName: "edge-tls",
    dnsNames: ["erp.example.com"],
    issuerRef: { kind: "ClusterIssuer", name: "letsencrypt" },
    privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
  },
});

export const gateway = () => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "edge", namespace: "frappe" },
  spec: {
    gatewayClassName: "envoy",
    listeners: [
      {
        name: "https",
        port: 443,
        protocol: "HTTPS",
        tls: { mode: "Terminate", certificateRefs: [{ name: "edge-tls" }] },
      },
    ],
  },
});

export const httpRoute = () => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "sites", namespace: "frappe" },
  spec: {
    parentRefs: [{ name: "edge", sectionName: "https" }],
    hostnames: ["erp.example.com"],
    rules: [
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        backendRefs: [{ name: "web", port: 8000 }],
        timeouts: { request: "120s" },
      },
    ],
  },
});

export const mariadb = () => ({
  apiVersion: "k8s.mariadb.com/v1alpha1",
  kind: "MariaDB",
  metadata: { name: "mariadb", namespace: "frappe" },
  spec: {
    image: "docker.io/library/mariadb:11.8",
    replicas: 3,
    galera: { enabled: true },
    rootPasswordSecretKeyRef: { name: "db", key: "password" },
    storage: { size: "50Gi", storageClassName: "fast" },
    myCnf: "[mariadb]\nmax_connections=200\n",
  },
});

export const cluster = () => ({
  apiVersion: "postgresql.cnpg.io/v1",
  kind: "Cluster",
  metadata: { name: "pg", namespace: "frappe" },
  spec: {
    instances: 3,
    imageName: "ghcr.io/cloudnative-pg/postgresql:17.5",
    storage: { size: "50Gi" },
    postgresql: { parameters: { max_connections: "200" } },
    superuserSecret: { name: "db" },
  },
});

export const networkPolicy = () => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "default-deny", namespace: "frappe" },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
});

export const serviceMonitor = () => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "ServiceMonitor",
  metadata: { name: "web", namespace: "frappe" },
  spec: { selector: { matchLabels: labels }, endpoints: [{ port: "http", interval: "30s", path: "/metrics" }] },
});

/** A whole small stack without a loose end. */
export const stack = (): KubernetesObject[] => [
  ...[deployment(), service(), secret(), serviceAccount(), budget(), cronJob(), certificate(), gateway()],
  ...[httpRoute(), mariadb(), cluster(), networkPolicy(), statefulSet(), { ...service(), ...databaseService() }],
];

const databaseService = () => ({
  metadata: { name: "db", namespace: "frappe" },
  spec: { clusterIP: "None", selector: { app: "db" } },
});

/** A copy with one value changed: `broken(deployment(), "spec.replicas", "two")`; undefined takes the field away. */
export function broken(object: object, path: string, value: unknown): KubernetesObject {
  const copy = JSON.parse(JSON.stringify(object)) as KubernetesObject; // not structuredClone: it keeps shared parts shared
  const parts = path.split(".");
  const last = parts.pop() ?? "";
  const holder = parts.reduce<Record<string, unknown>>((inner, part) => inner[part] as Record<string, unknown>, copy);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return copy;
}
