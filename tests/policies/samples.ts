/** Resources that every rule has nothing to say about; a test breaks one thing of a copy. */
import { labels } from "../../constants/labels.ts";
import type { Given } from "./judged.ts";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests break these on purpose, wherever they like
export type Loose = any;
type Change = (value: Loose) => void;

export const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

const changed = (value: Loose, change: Change): Loose => {
  const copy = structuredClone(value);
  change(copy);
  return copy;
};

const goodContainer: Loose = {
  name: "web",
  image: `docker.io/frappe/erpnext:v16.33.0@${digest}`,
  command: ["gunicorn"],
  env: [{ name: "TZ", value: "UTC" }],
  ports: [{ name: "http", containerPort: 8000 }],
  readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 10, failureThreshold: 3 },
  livenessProbe: { tcpSocket: { port: "http" }, periodSeconds: 20, failureThreshold: 6 },
  resources: {
    requests: { cpu: "100m", memory: "1Gi" },
    limits: { memory: "1Gi", "ephemeral-storage": "1Gi" },
  },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
};

const goodTemplate: Loose = {
  metadata: { labels: { [labels.component]: "web" } },
  spec: {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
    containers: [goodContainer],
    volumes: [{ name: "tmp", emptyDir: { sizeLimit: "1Gi" } }],
  },
};

/** Kinds that make pods, with what holds their template. */
export const podKinds: readonly (readonly [type: string, wrap: (template: Loose) => Loose])[] = [
  ["kubernetes:core/v1:Pod", (template) => template],
  ["kubernetes:apps/v1:Deployment", (template) => ({ spec: { template } })],
  ["kubernetes:apps/v1:StatefulSet", (template) => ({ spec: { template } })],
  ["kubernetes:apps/v1:DaemonSet", (template) => ({ spec: { template } })],
  ["kubernetes:apps/v1:ReplicaSet", (template) => ({ spec: { template } })],
  ["kubernetes:batch/v1:Job", (template) => ({ spec: { template } })],
  ["kubernetes:batch/v1:CronJob", (template) => ({ spec: { jobTemplate: { spec: { template } } } })],
  ["kubernetes:apps/v1:DeploymentPatch", (template) => ({ spec: { template } })],
];

/** A pod of each kind, with `change` made to its template. */
export const pods = (change: Change = () => {}): Given[] =>
  podKinds.map(([type, wrap]) => ({ type, props: wrap(changed(goodTemplate, change)) }));

/** A Deployment, with `change` made to its pod template. */
export const workload = (change: Change = () => {}): Given => ({
  type: "kubernetes:apps/v1:Deployment",
  name: "web",
  props: { metadata: { name: "web", namespace: "frappe" }, spec: { template: changed(goodTemplate, change) } },
});

/** A Deployment, with `change` made to its only container. */
export const withContainer = (change: Change = () => {}): Given =>
  workload((template) => change(template.spec.containers[0]));

/** A Deployment with the same container before the others: it does its work and ends. */
export const withSetup = (change: Change = () => {}): Given =>
  workload((template) => {
    const setup = { ...structuredClone(template.spec.containers[0]), name: "setup" };
    change(setup);
    template.spec.initContainers = [setup];
  });

export const object = (type: string, props: Loose, more: Partial<Given> = {}): Given => ({
  type: `kubernetes:${type}`,
  name: "it",
  props,
  ...more,
});

const operatorImage = `docker.io/library/mariadb:11.8.9@${digest}`;
export const mariadb = (spec: Loose = { image: operatorImage }) => object("k8s.mariadb.com/v1alpha1:MariaDB", { spec });
export const cluster = (spec: Loose = { imageName: operatorImage }) =>
  object("postgresql.cnpg.io/v1:Cluster", { spec });
