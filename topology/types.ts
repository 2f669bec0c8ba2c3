/**
 * The language of plans: plain, printable data without a word of Pulumi. A planner says what runs, from which image, with which
 * files and which flows; a renderer (components/shared/workload) says it in the words of one platform.
 */
import type { ResourcesConfig } from "../config/schema/workload.ts";

/** Sets of secret values that the program makes or takes over; their values are never in a plan. */
export type SecretSet = "databaseAdmin" | "databaseTls" | "redis" | "sites" | "imagePull" | "sentry";

export type EnvValue = string | { readonly secret: SecretSet; readonly key: string };

/** A file in a container, from a rendered configuration or from a secret. */
export interface FileMount {
  readonly path: string;
  readonly from:
    { readonly config: string; readonly key: string } | { readonly secret: SecretSet; readonly key: string };
}

export type Probe =
  | { readonly tcp: string }
  | { readonly http: { readonly path: string; readonly port: string } }
  | { readonly exec: readonly string[] };

export interface ProbePlan {
  readonly check: Probe;
  /** Seconds between two checks. */
  readonly period: number;
  /** Seconds until a check counts as failed. */
  readonly timeout: number;
  /** Failed checks in a row until the kubelet acts. */
  readonly failures: number;
}

export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  /** Argument vector; never a shell line with values in it. */
  readonly command: readonly string[];
  readonly workingDir?: string;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly files: readonly FileMount[];
  /** Paths that the process writes to; everything else is read-only. `memory` paths are in RAM. */
  readonly writable: readonly { readonly path: string; readonly medium?: "memory" }[];
  readonly volumes: readonly { readonly volume: string; readonly path: string; readonly readOnly: boolean }[];
  readonly resources: ResourcesConfig;
  readonly probes: { readonly startup?: ProbePlan; readonly readiness?: ProbePlan; readonly liveness?: ProbePlan };
  /** Seconds to go on serving after the end was announced, until routing has noticed. */
  readonly drainSeconds?: number;
}

export interface WorkloadPlan {
  /** Identity in Pulumi's state, and the Kubernetes name's beginning. */
  readonly name: string;
  readonly room: string;
  /** Role in labels, network flows and disruption budgets. */
  readonly component: string;
  /** `release`: replaced by each release, its id in the selector. `stack`: one for ever. */
  readonly scope: "release" | "stack";
  /** `set`: stateless replicas. `member`: one instance with a stable name and a volume. */
  readonly kind: "set" | "member";
  readonly replicas: number;
  readonly update: "rolling" | "recreate";
  readonly user: number;
  readonly version: string;
  readonly setup: readonly ContainerPlan[];
  readonly containers: readonly ContainerPlan[];
  /** Seconds between the first request to end and the kill. */
  readonly stopGrace: number;
  /** Host names that lead to this very pod. */
  readonly loopbackHosts?: readonly string[];
  readonly mountsSites: boolean;
  readonly holdsData: boolean;
}

/** A stable address in front of workloads. */
export interface ServicePlan {
  readonly name: string;
  /** Identity in Pulumi's state; the same for every release. */
  readonly logicalName: string;
  readonly component: string;
  /** `release`: reaches only this release's pods. */
  readonly scope: "release" | "stack";
  /** Workload, where the component has several that are not alike. */
  readonly workload?: string;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly headless: boolean;
}

/** Rendered files under one name. */
export interface ConfigFilesPlan {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
}

export interface VolumePlan {
  readonly name: string;
  readonly logicalName: string;
  readonly component: string;
  readonly size: string;
  readonly storageClass?: string | undefined;
  readonly accessMode: "ReadWriteMany" | "ReadWriteOnce";
}

/** One end of a network flow. */
export type Peer =
  | { readonly component: string }
  | { readonly namespace: string; readonly podLabels: Readonly<Record<string, string>> }
  | { readonly addresses: readonly string[] };

export interface Flow {
  readonly from: Peer;
  readonly to: Peer;
  readonly ports: readonly { readonly port: number; readonly protocol: "TCP" | "UDP" }[];
  /** Why it is there, for whoever reads the table. */
  readonly why: string;
}
