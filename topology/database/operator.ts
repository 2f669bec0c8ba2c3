/** The existing distributed engines, for high availability: a custom resource each, and no machinery of ours. */
import type { DatabaseConfig } from "../../config/stack.ts";
import { images } from "../../constants/images.ts";
import { labels } from "../../constants/labels.ts";
import { names } from "../names.ts";
import { imageReference } from "../image.ts";
import { renderMyCnf } from "./mariadb.ts";
import { postgresParameters } from "./postgres.ts";

type Operator = Extract<DatabaseConfig, { mode: "operator" }>;
type MariadbCluster = Extract<Operator, { engine: "mariadb" }>;
type PostgresCluster = Extract<Operator, { engine: "postgres" }>;

/** A custom resource of an operator, but for its namespace, labels and secret references. */
export interface CustomObject {
  readonly logicalName: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface ClusterPlan {
  readonly cluster: CustomObject;
  /** Where the cluster's spec names the admin's secret, and what stands beside the name: each operator has its own words. */
  readonly adminSecret: { readonly field: string; readonly beside: Readonly<Record<string, unknown>> };
  readonly adminSecretType: "Opaque" | "kubernetes.io/basic-auth";
  readonly schedule?: CustomObject;
  readonly operatorNamespace: string;
  /** TCP ports between members, and those that the operator calls. */
  readonly memberPorts: readonly number[];
  readonly operatorPorts: readonly number[];
}

const inherited = { labels: { [labels.component]: "database" } };

const podResources = ({ cpu, memory }: Operator["resources"]) => ({
  requests: { cpu, memory },
  limits: { memory },
});

function mariadbCluster(config: MariadbCluster): ClusterPlan {
  const spec = {
    image: imageReference(images.mariadb),
    replicas: config.members,
    ...(config.members > 1 && { [config.topology]: { enabled: true } }),
    storage: {
      size: config.storage.size,
      ...(config.storage.storageClass !== undefined && { storageClassName: config.storage.storageClass }),
    },
    myCnf: renderMyCnf(config),
    resources: podResources(config.resources),
    updateStrategy: { type: "ReplicasFirstPrimaryLast" },
    affinity: { antiAffinityEnabled: config.members > 1 },
    podDisruptionBudget: { maxUnavailable: 1 },
    inheritMetadata: inherited,
  };
  const api = { apiVersion: "k8s.mariadb.com/v1alpha1" };
  const { snapshots } = config;
  return {
    cluster: { ...api, logicalName: names.mariadb, kind: "MariaDB", name: names.mariadb, spec },
    adminSecret: { field: "rootPasswordSecretKeyRef", beside: { key: "password", generate: false } },
    adminSecretType: "Opaque",
    ...(snapshots && {
      schedule: {
        ...api,
        logicalName: `${names.mariadb}-snapshots`,
        kind: "PhysicalBackup",
        name: `${names.mariadb}-snapshots`,
        spec: {
          mariaDbRef: { name: names.mariadb },
          schedule: { cron: snapshots.schedule },
          maxRetention: snapshots.keep,
          storage: { volumeSnapshot: { volumeSnapshotClassName: snapshots.className } },
        },
      },
    }),
    operatorNamespace: config.operatorNamespace,
    // Server, state transfer, Galera, incremental transfer, the operator's agent and its probes.
    memberPorts: [3306, 4444, 4567, 4568, 5555, 5566],
    operatorPorts: [3306, 5555, 5566],
  };
}

function postgresCluster(config: PostgresCluster): ClusterPlan {
  const spec = {
    imageName: imageReference(images.cloudnativePostgres),
    instances: config.members,
    storage: {
      size: config.storage.size,
      ...(config.storage.storageClass !== undefined && { storageClass: config.storage.storageClass }),
    },
    enableSuperuserAccess: true,
    bootstrap: { initdb: { database: "platform", owner: "platform", encoding: "UTF8" } },
    postgresql: {
      parameters: postgresParameters(config),
      // One member beside the primary has each commit before it is acknowledged.
      ...(config.members > 1 && { synchronous: { method: "any", number: 1, dataDurability: "required" } }),
    },
    resources: podResources(config.resources),
    affinity: { enablePodAntiAffinity: true, podAntiAffinityType: config.members > 1 ? "required" : "preferred" },
    primaryUpdateStrategy: "unsupervised",
    inheritedMetadata: inherited,
    ...(config.snapshots && { backup: { volumeSnapshot: { className: config.snapshots.className } } }),
  };
  const api = { apiVersion: "postgresql.cnpg.io/v1" };
  return {
    cluster: { ...api, logicalName: names.postgres, kind: "Cluster", name: names.postgres, spec },
    adminSecret: { field: "superuserSecret", beside: {} },
    adminSecretType: "kubernetes.io/basic-auth",
    ...(config.snapshots && {
      schedule: {
        ...api,
        logicalName: `${names.postgres}-snapshots`,
        kind: "ScheduledBackup",
        name: `${names.postgres}-snapshots`,
        spec: {
          // CloudNativePG's expressions begin with seconds.
          schedule: `0 ${config.snapshots.schedule}`,
          method: "volumeSnapshot",
          backupOwnerReference: "cluster",
          cluster: { name: names.postgres },
        },
      },
    }),
    operatorNamespace: config.operatorNamespace,
    memberPorts: [5432, 8000],
    operatorPorts: [5432, 8000],
  };
}

export const planCluster = (config: Operator): ClusterPlan =>
  config.engine === "mariadb" ? mariadbCluster(config) : postgresCluster(config);
