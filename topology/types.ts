/**
 * The language of plans: plain, printable data without a word of Pulumi. A planner says what runs, from which image, with which
 * files and which flows; a renderer (components/shared/workload) says it in the words of one platform.
 */
import type { ResourcesConfig } from "../config/schema/workload.ts";

/** Sets of secret values that the program makes or takes over; their values are never in a plan. */
export type SecretSet =
  | "databaseAdmin"
  | "databaseMonitor"
  | "databaseTls"
  | "redis"
  | "redisUsers"
  | "sites"
  | "ledger"
  | "imagePull"
  | "sentry"
  | "backup"
  | "alerting"
  | "grafana"
  | `service-${string}`;

/** A plain value, one out of a secret, or the name of the node that the pod landed on. */
export type EnvValue =
  string | { readonly secret: SecretSet; readonly key: string } | { readonly field: "spec.nodeName" };

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

/** Room to write in that is lost with the pod. */
export interface ScratchPlan {
  readonly path: string;
  readonly medium?: "memory";
  /** Most that may lie there; left out, what the container has of the node's disk. */
  readonly size?: string;
  /** Class of a volume that comes and goes with the pod, for what a node's disk is too small for. */
  readonly storageClass?: string | undefined;
  /** Name that several containers of one pod share it by; left out, it is the container's own. */
  readonly shared?: string;
}

export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  /** Argument vector; never a shell line with values in it. Empty, the image's own program is what runs. */
  readonly command: readonly string[];
  readonly workingDir?: string;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly files: readonly FileMount[];
  /** Paths that the process writes to; everything else is read-only. `memory` paths are in RAM. */
  readonly writable: readonly ScratchPlan[];
  readonly volumes: readonly { readonly volume: string; readonly path: string; readonly readOnly: boolean }[];
  readonly resources: ResourcesConfig;
  readonly probes: { readonly startup?: ProbePlan; readonly readiness?: ProbePlan; readonly liveness?: ProbePlan };
  /** Seconds to go on serving after the end was announced, until routing has noticed. */
  readonly drainSeconds?: number;
  /** uid and gid, where they are not the pod's. */
  readonly user?: number;
}

export interface WorkloadPlan {
  /** Identity in Pulumi's state, and the Kubernetes name's beginning. */
  readonly name: string;
  readonly room: string;
  /** Role in labels, network flows and disruption budgets. */
  readonly component: string;
  /** `release`: replaced by each release, its id in the selector. `stack`: one for ever. */
  readonly scope: "release" | "stack";
  /** `set`: stateless replicas. `member`: one instance with a stable name and a volume. `node`: one on each node. */
  readonly kind: "set" | "member" | "node";
  readonly replicas: number;
  readonly update: "rolling" | "recreate";
  readonly user: number;
  readonly version: string;
  readonly setup: readonly ContainerPlan[];
  /** Run beside `containers`: each has started before the next one begins, and ends when those have. */
  readonly sidecars?: readonly ContainerPlan[];
  readonly containers: readonly ContainerPlan[];
  /** Seconds between the first request to end and the kill. */
  readonly stopGrace: number;
  /** Host names that lead to this very pod. */
  readonly loopbackHosts?: readonly string[];
  readonly mountsSites: boolean;
  readonly holdsData: boolean;
  /** Labels of its pods beside those that all have. */
  readonly podLabels?: Readonly<Record<string, string>>;
}

/** Work that a clock starts, or a person from its template. */
export interface ScheduledPlan extends Omit<WorkloadPlan, "kind" | "scope" | "replicas" | "update"> {
  /** Left out, the stack's. */
  readonly scope?: WorkloadPlan["scope"];
  /** Cron, UTC. */
  readonly schedule: string;
  /** Whether the clock does not start it: it stands as the template of what a person starts. */
  readonly suspended: boolean;
  /** Seconds after which a run is ended and has failed. */
  readonly timeLimit: number;
  /** Seconds that a run may begin late. */
  readonly startDeadline: number;
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
  /** The addresses of the pods themselves in place of one in front of them: for whoever must ask each. */
  readonly headless?: boolean;
  /** Leads to its pod in every state: of a single server, whose exporter beside it must not take it out of service. */
  readonly always?: boolean;
  /** Stands as soon as it is made, whether or not anything answers behind it: its name is looked up before. */
  readonly early?: boolean;
}

/** Rendered files under one name. */
export interface ConfigFilesPlan {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Made by a machine for a machine: a preview says that it changes, and does not print it. */
  readonly program?: boolean;
}

export interface VolumePlan {
  readonly name: string;
  readonly logicalName: string;
  readonly component: string;
  readonly size: string;
  readonly storageClass?: string | undefined;
  readonly accessMode: "ReadWriteMany" | "ReadWriteOnce";
  /** Whether its content is made anew by itself, so that it may go with the stack. */
  readonly rebuildable?: boolean;
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
