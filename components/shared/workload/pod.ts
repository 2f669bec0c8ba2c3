/** A planned container in Kubernetes' words: read-only root, no capabilities, files and scratch space mounted one by one. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ContainerPlan, Probe, ProbePlan, ScratchPlan, SecretSet } from "../../../topology/types.ts";

/** Names that plans refer to by meaning, as they came out. */
export interface References {
  readonly secrets: Readonly<Partial<Record<SecretSet, pulumi.Input<string>>>>;
  readonly configs: Readonly<Record<string, pulumi.Input<string>>>;
}

type Volume = k8s.types.input.core.v1.Volume;
type VolumeMount = k8s.types.input.core.v1.VolumeMount;

/** Room for what a process keeps in RAM; it counts towards the memory limit. */
const memoryVolume = { medium: "Memory", sizeLimit: "256Mi" };

const scratchName = (container: ContainerPlan, { path, shared }: ScratchPlan) =>
  shared ?? `${container.name}-${path.split("/").at(-1) ?? "scratch"}`;

function scratchVolume(container: ContainerPlan, scratch: ScratchPlan): Volume {
  const { medium, size, storageClass } = scratch;
  const name = scratchName(container, scratch);
  if (medium === "memory") {
    return { name, emptyDir: memoryVolume };
  }
  const room = size ?? container.resources.ephemeralStorage;
  if (storageClass === undefined) {
    return { name, emptyDir: { sizeLimit: room } };
  }
  const spec = {
    accessModes: ["ReadWriteOnce"],
    storageClassName: storageClass,
    resources: { requests: { storage: room } },
  };
  return { name, ephemeral: { volumeClaimTemplate: { spec } } };
}

const secretName = (references: References, set: SecretSet): pulumi.Input<string> => {
  const name = references.secrets[set];
  if (name === undefined) {
    throw new Error(`a workload reads the secret ${set}, which this stack does not have`);
  }
  return name;
};

const configName = (references: References, config: string): pulumi.Input<string> => {
  const name = references.configs[config];
  if (name === undefined) {
    throw new Error(`a workload reads the configuration ${config}, which nothing renders`);
  }
  return name;
};

const dashed = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function fileSource(file: ContainerPlan["files"][number]) {
  return "config" in file.from ? `config-${file.from.config}` : `secret-${dashed(file.from.secret)}`;
}

function mounts(container: ContainerPlan): VolumeMount[] {
  return [
    ...container.volumes.map(({ volume, path, readOnly }) => ({ name: volume, mountPath: path, readOnly })),
    ...container.writable.map((scratch) => ({ name: scratchName(container, scratch), mountPath: scratch.path })),
    ...container.files.map((file) => ({
      name: fileSource(file),
      mountPath: file.path,
      subPath: file.from.key,
      readOnly: true,
    })),
  ];
}

/** The volumes that `containers` mount, each once. */
export function podVolumes(containers: readonly ContainerPlan[], references: References): Volume[] {
  const volumes = new Map<string, Volume>();
  for (const container of containers) {
    for (const { volume } of container.volumes) {
      volumes.set(volume, { name: volume, persistentVolumeClaim: { claimName: volume } });
    }
    for (const scratch of container.writable) {
      volumes.set(scratchName(container, scratch), scratchVolume(container, scratch));
    }
    for (const file of container.files) {
      const name = fileSource(file);
      volumes.set(
        name,
        "config" in file.from
          ? { name, configMap: { name: configName(references, file.from.config), defaultMode: 0o444 } }
          : { name, secret: { secretName: secretName(references, file.from.secret), defaultMode: 0o440 } },
      );
    }
  }
  return [...volumes.values()];
}

function handler(check: Probe): k8s.types.input.core.v1.Probe {
  if ("tcp" in check) {
    return { tcpSocket: { port: check.tcp } };
  }
  return "http" in check
    ? { httpGet: { path: check.http.path, port: check.http.port } }
    : { exec: { command: [...check.exec] } };
}

const renderProbe = ({ check, period, timeout, failures }: ProbePlan): k8s.types.input.core.v1.Probe => ({
  ...handler(check),
  periodSeconds: period,
  timeoutSeconds: timeout,
  failureThreshold: failures,
});

/** Kubernetes puts variables in for `$(NAME)` and one dollar for two, in commands and in plain values: what is meant is said so. */
const literal = (text: string): string => text.replaceAll(/\$(?=\$|\([-._A-Za-z0-9]+\))/g, "$$$$");

function renderEnv(container: ContainerPlan, references: References): k8s.types.input.core.v1.EnvVar[] {
  return Object.entries(container.env).map(([name, value]) => {
    if (typeof value === "string") {
      return { name, value: literal(value) };
    }
    return "field" in value
      ? { name, valueFrom: { fieldRef: { fieldPath: value.field } } }
      : { name, valueFrom: { secretKeyRef: { name: secretName(references, value.secret), key: value.key } } };
  });
}

export function renderContainer(container: ContainerPlan, references: References): k8s.types.input.core.v1.Container {
  const { cpu, memory, ephemeralStorage } = container.resources;
  const { startup, readiness, liveness } = container.probes;
  return {
    name: container.name,
    image: container.image,
    imagePullPolicy: "IfNotPresent",
    ...(container.command.length > 0 && { command: container.command.map(literal) }),
    ...(container.workingDir !== undefined && { workingDir: container.workingDir }),
    env: renderEnv(container, references),
    ports: container.ports.map(({ name, port }) => ({ name, containerPort: port })),
    volumeMounts: mounts(container),
    resources: {
      requests: { cpu, memory, "ephemeral-storage": ephemeralStorage },
      // No CPU limit: it would throttle a process while its node idles.
      limits: { memory, "ephemeral-storage": ephemeralStorage },
    },
    ...(startup && { startupProbe: renderProbe(startup) }),
    ...(readiness && { readinessProbe: renderProbe(readiness) }),
    ...(liveness && { livenessProbe: renderProbe(liveness) }),
    ...(container.drainSeconds !== undefined && {
      lifecycle: { preStop: { sleep: { seconds: container.drainSeconds } } },
    }),
    securityContext: {
      ...(container.user !== undefined && { runAsUser: container.user, runAsGroup: container.user }),
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
  };
}
