/** A planned workload as a Deployment, a StatefulSet or a DaemonSet, and what stands around it. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "../../../constants/labels.ts";
import { limits } from "../../../constants/limits.ts";
import { podLabels, selectorOf, stackLabels } from "../../../topology/labels.ts";
import type { StackPlan } from "../../../topology/plan.ts";
import type { ConfigFilesPlan, ScheduledPlan, ServicePlan, VolumePlan, WorkloadPlan } from "../../../topology/types.ts";
import { patience } from "../component.ts";
import { podVolumes, renderContainer, type References } from "./pod.ts";

export interface Placement {
  readonly plan: StackPlan;
  readonly namespace: pulumi.Input<string>;
}

const releaseOf = (plan: StackPlan, { scope }: { scope: "release" | "stack" }) =>
  scope === "release" ? plan.release.id : undefined;

/** Where pods go: apart where they can be, together where they share a volume that holds on one node only. */
function placement(
  plan: StackPlan,
  workload: Pick<WorkloadPlan, "mountsSites">,
  selector: Readonly<Record<string, string>>,
) {
  const topologyKey = "kubernetes.io/hostname";
  if (plan.oneNode && workload.mountsSites) {
    const matchLabels = { ...stackLabels(plan.identity), [labels.mountsSites]: "true" };
    const term = { topologyKey, labelSelector: { matchLabels } };
    return { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
  }
  const { [labels.name]: _, ...component } = selector;
  return {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels: component } },
    ],
  };
}

type PodPlan = Omit<WorkloadPlan, "kind" | "replicas" | "update">;

function podTemplate({ plan }: Placement, workload: PodPlan, references: References) {
  const selector = selectorOf(workload.component, releaseOf(plan, workload), workload.name);
  const hosts = workload.loopbackHosts ?? [];
  const imagePull = references.secrets.imagePull;
  const sidecars = workload.sidecars ?? [];
  return {
    metadata: { labels: podLabels(plan.identity, workload, releaseOf(plan, workload)) },
    spec: {
      serviceAccountName: workload.room,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: workload.stopGrace,
      ...(imagePull !== undefined && { imagePullSecrets: [{ name: imagePull }] }),
      ...(hosts.length > 0 && { hostAliases: [{ ip: "127.0.0.1", hostnames: [...hosts] }] }),
      ...placement(plan, workload, selector),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: workload.user,
        runAsGroup: workload.user,
        fsGroup: workload.user,
        // Else the kubelet walks a whole NFS volume at each start.
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(workload.setup.length + sidecars.length > 0 && {
        initContainers: [
          ...workload.setup.map((container) => renderContainer(container, references)),
          ...sidecars.map((container) => ({ ...renderContainer(container, references), restartPolicy: "Always" })),
        ],
      }),
      containers: workload.containers.map((container) => renderContainer(container, references)),
      volumes: podVolumes([...workload.setup, ...sidecars, ...workload.containers], references),
    },
  };
}

/**
 * Renders a workload.
 *
 * A Deployment has no fixed name, and the release's id is in its selector: a new release makes a new one before the old goes.
 * A StatefulSet is called by name, so its name is fixed. A DaemonSet is of the stack, and its name its own.
 */
export function renderWorkload(
  place: Placement,
  workload: WorkloadPlan,
  references: References,
  special: pulumi.CustomResourceOptions,
): k8s.apps.v1.Deployment | k8s.apps.v1.StatefulSet | k8s.apps.v1.DaemonSet {
  const { plan, namespace } = place;
  const opts = { ...patience(plan), ...special };
  const matchLabels = selectorOf(workload.component, releaseOf(plan, workload), workload.name);
  const template = podTemplate(place, workload, references);
  const common = { namespace, labels: podLabels(plan.identity, workload, releaseOf(plan, workload)) };
  switch (workload.kind) {
    case "set":
      return new k8s.apps.v1.Deployment(
        workload.name,
        {
          metadata: common,
          spec: {
            replicas: workload.replicas,
            revisionHistoryLimit: 2,
            progressDeadlineSeconds: plan.readyTimeout,
            strategy:
              workload.update === "recreate"
                ? { type: "Recreate" }
                : { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
            selector: { matchLabels },
            template,
          },
        },
        opts,
      );
    case "member":
      return new k8s.apps.v1.StatefulSet(
        workload.name,
        {
          metadata: {
            ...common,
            name: workload.name,
            labels: { ...common.labels, ...(workload.holdsData && { [labels.holdsData]: "true" }) },
          },
          spec: { serviceName: workload.name, replicas: workload.replicas, selector: { matchLabels }, template },
        },
        opts,
      );
    case "node":
      return new k8s.apps.v1.DaemonSet(
        workload.name,
        {
          // A node that is not ready must not stop a release.
          metadata: { ...common, annotations: { "pulumi.com/skipAwait": "true" } },
          spec: { selector: { matchLabels }, template, updateStrategy: { rollingUpdate: { maxUnavailable: "25%" } } },
        },
        opts,
      );
  }
}

/** Runs never overlap, a failed one is not tried again before its time, and the last ones stay to be looked at. */
export function renderScheduled(
  place: Placement,
  scheduled: ScheduledPlan,
  references: References,
  opts: pulumi.CustomResourceOptions,
): k8s.batch.v1.CronJob {
  const { plan, namespace } = place;
  const { metadata, spec } = podTemplate(place, { scope: "stack", ...scheduled }, references);
  return new k8s.batch.v1.CronJob(
    scheduled.name,
    {
      // A fixed name: people start a run by it.
      metadata: { name: scheduled.name, namespace, labels: podLabels(plan.identity, scheduled) },
      spec: {
        schedule: scheduled.schedule,
        timeZone: "Etc/UTC",
        suspend: scheduled.suspended,
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: scheduled.startDeadline,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 5,
        jobTemplate: {
          metadata,
          spec: {
            backoffLimit: 0,
            // The program ends itself in its time, and says so; Kubernetes would take its log away.
            activeDeadlineSeconds: scheduled.timeLimit + limits.jobMargin,
            template: { metadata, spec: { ...spec, restartPolicy: "Never" } },
          },
        },
      },
    },
    opts,
  );
}

export function renderService(
  place: Placement,
  service: ServicePlan,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Service {
  const { plan, namespace } = place;
  return new k8s.core.v1.Service(
    service.logicalName,
    {
      metadata: {
        name: service.name,
        namespace,
        labels: { ...stackLabels(plan.identity), [labels.component]: service.component },
        ...(service.early === true && { annotations: { "pulumi.com/skipAwait": "true" } }),
      },
      spec: {
        ...(service.headless === true && { clusterIP: "None" }),
        ...(service.always === true && { publishNotReadyAddresses: true }),
        selector: selectorOf(service.component, releaseOf(plan, service), service.workload),
        ports: service.ports.map(({ name, port }) => ({ name, port, targetPort: name, protocol: "TCP" })),
      },
    },
    { ...patience(plan), ...opts },
  );
}

/** A claim is called by name, and its loss is the data's: it lives as long as the stack file says. */
export function renderVolume(
  place: Placement,
  volume: VolumePlan,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.PersistentVolumeClaim {
  const { plan, namespace } = place;
  return new k8s.core.v1.PersistentVolumeClaim(
    volume.logicalName,
    {
      metadata: {
        name: volume.name,
        namespace,
        labels: {
          ...stackLabels(plan.identity),
          [labels.component]: volume.component,
          [volume.rebuildable === true ? labels.rebuildable : labels.holdsData]: "true",
        },
        // A class that binds with its first pod keeps the claim pending until then.
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        accessModes: [volume.accessMode],
        resources: { requests: { storage: volume.size } },
        ...(volume.storageClass !== undefined && { storageClassName: volume.storageClass }),
      },
    },
    opts,
  );
}

/** Rendered files without a fixed name: new content makes a new object first, and its users roll. */
export function renderFiles(
  place: Placement,
  { name, files, program }: ConfigFilesPlan,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const { plan, namespace } = place;
  const metadata = { namespace, labels: stackLabels(plan.identity) };
  // Nothing in a program is secret: marked so, a preview says that it changes in one word, where its text would bury all else.
  const data = program === true ? pulumi.secret({ ...files }) : { ...files };
  return new k8s.core.v1.ConfigMap(name, { metadata, immutable: true, data }, opts).metadata.name;
}
