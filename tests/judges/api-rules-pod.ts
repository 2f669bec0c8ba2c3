import * as names from "./api-names.ts";
import { isPort } from "./api-names.ts";
import type { Problems } from "./api-problems.ts";
import { type Json, at, isObject, listAt, textAt, textOf, valueAt } from "./kubernetes-object.ts";
import { parseQuantity } from "./quantity.ts";

const volumeSources = new Set(
  [
    "awsElasticBlockStore azureDisk azureFile cephfs cinder configMap csi downwardAPI emptyDir",
    "ephemeral fc flexVolume flocker gcePersistentDisk gitRepo glusterfs hostPath image iscsi nfs",
    "persistentVolumeClaim photonPersistentDisk portworxVolume projected quobyte rbd scaleIO secret",
    "storageos vsphereVolume",
  ].flatMap((line) => line.split(" ")),
);
const handlers = ["exec", "grpc", "httpGet", "tcpSocket", "sleep"];

/** @param claims names of a StatefulSet's volumeClaimTemplates, which count as declared volumes */
export function podRules(pod: Json, path: string, problems: Problems, claims: readonly string[] = []): void {
  const volumes = listAt(pod, "volumes");
  const declared = new Set([...volumes.map(({ name }) => name), ...claims]);
  for (const [index, volume] of volumes.entries()) volumeRules(volume, `${path}.volumes[${index}]`, problems);
  problems.unique(
    volumes.map(({ name }) => name),
    `${path}.volumes`,
    "volume",
  );
  const containers = (["initContainers", "containers"] as const).flatMap((list) =>
    listAt(pod, list).map((container, index) => ({
      container,
      path: `${path}.${list}[${index}]`,
      init: list === "initContainers",
    })),
  );
  problems.require(listAt(pod, "containers").length > 0, `${path}.containers`, "a pod needs a container");
  problems.unique(
    containers.map(({ container }) => container["name"]),
    `${path}.containers`,
    "container",
  );
  problems.unique(
    containers
      .flatMap(({ container }) => listAt(container, "ports").map(({ name }) => name))
      .filter((name) => name !== undefined),
    `${path}.containers`,
    "port name",
  );
  for (const entry of containers) {
    containerRules(entry.container, entry.path, problems, declared);
    const sidecar = entry.container["restartPolicy"] === "Always";
    for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) {
      problems.require(
        !entry.init || sidecar || entry.container[probe] === undefined,
        `${entry.path}.${probe}`,
        "an init container has no probes",
      );
    }
  }
  const grace = pod["terminationGracePeriodSeconds"];
  problems.require(
    grace === undefined || Number(grace) >= 0,
    `${path}.terminationGracePeriodSeconds`,
    "must not be negative",
  );
  for (const [index, spread] of listAt(pod, "topologySpreadConstraints").entries()) {
    problems.require(
      Number(spread["maxSkew"]) > 0,
      `${path}.topologySpreadConstraints[${index}].maxSkew`,
      "must be greater than 0",
    );
  }
}

function volumeRules(volume: Json, path: string, problems: Problems): void {
  problems.add(`${path}.name`, names.dnsLabel(String(volume["name"])));
  const sources = Object.keys(volume).filter((key) => volumeSources.has(key));
  problems.require(
    sources.length === 1,
    path,
    `a volume has exactly one source, not ${sources.length} (${sources.join(", ")})`,
  );
  const items = [...listAt(volume, "configMap", "items"), ...listAt(volume, "secret", "items")];
  problems.unique(
    items.map((item) => item["path"]),
    `${path}.items`,
    "path",
  );
  for (const item of items) problems.add(`${path}.items`, insideOnly(String(item["path"])));
}

function containerRules(container: Json, path: string, problems: Problems, declared: ReadonlySet<unknown>): void {
  problems.add(`${path}.name`, names.dnsLabel(String(container["name"])));
  problems.require(
    textAt(container, "image")?.trim() === textAt(container, "image") && container["image"] !== "",
    `${path}.image`,
    "must be an image without blanks around it",
  );
  const env = listAt(container, "env");
  problems.unique(
    env.map(({ name }) => name),
    `${path}.env`,
    "variable",
  );
  for (const [index, { name, value, valueFrom }] of env.entries()) {
    problems.add(`${path}.env[${index}].name`, names.envName(String(name)));
    if (valueFrom === undefined) continue;
    problems.require(
      value === undefined || value === "",
      `${path}.env[${index}]`,
      "value and valueFrom exclude each other",
    );
    problems.require(
      isObject(valueFrom) && Object.keys(valueFrom).length === 1,
      `${path}.env[${index}].valueFrom`,
      "exactly one source",
    );
  }
  mountRules(container, path, problems, declared);
  const ports = listAt(container, "ports");
  for (const [index, { name, containerPort }] of ports.entries()) {
    if (name !== undefined) problems.add(`${path}.ports[${index}].name`, names.portName(textOf(name)));
    problems.require(isPort(containerPort), `${path}.ports[${index}].containerPort`, "must be 1 to 65535");
  }
  problems.unique(
    ports.map(({ containerPort, protocol }) => `${String(containerPort)}/${textOf(protocol, "TCP")}`),
    `${path}.ports`,
    "port",
  );
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    if (!isObject(container[probe])) continue;
    handlerRules(at(container, probe), `${path}.${probe}`, problems, ports);
    probeTimes(at(container, probe), probe, `${path}.${probe}`, problems);
  }
  for (const hook of ["preStop", "postStart"]) {
    if (valueAt(container, "lifecycle", hook) !== undefined) {
      handlerRules(at(container, "lifecycle", hook), `${path}.lifecycle.${hook}`, problems, ports);
    }
  }
  resourceRules(at(container, "resources"), `${path}.resources`, problems);
  const security = at(container, "securityContext");
  problems.require(
    !(security["allowPrivilegeEscalation"] === false && security["privileged"] === true),
    `${path}.securityContext`,
    "privileged cannot forbid privilege escalation",
  );
}

function mountRules(container: Json, path: string, problems: Problems, declared: ReadonlySet<unknown>): void {
  const mounts = listAt(container, "volumeMounts");
  problems.unique(
    mounts.map(({ mountPath }) => String(mountPath).replace(/(?<=.)\/$/, "")),
    `${path}.volumeMounts`,
    "mount path",
  );
  for (const [index, { name, mountPath, subPath }] of mounts.entries()) {
    const place = `${path}.volumeMounts[${index}]`;
    problems.require(declared.has(name), `${place}.name`, `no volume ${JSON.stringify(name)} is declared`);
    problems.require(
      typeof mountPath === "string" && mountPath !== "" && !mountPath.includes(":"),
      `${place}.mountPath`,
      "must not be empty nor hold a colon",
    );
    if (typeof subPath === "string") problems.add(`${place}.subPath`, insideOnly(subPath));
  }
}

const insideOnly = (path: string) =>
  path.startsWith("/") || path.split("/").includes("..")
    ? `${JSON.stringify(path)} must be relative and stay inside`
    : undefined;

function handlerRules(handler: Json, path: string, problems: Problems, ports: readonly Json[]): void {
  const given = handlers.filter((name) => handler[name] !== undefined);
  problems.require(given.length === 1, path, `exactly one handler is needed, not ${given.length}`);
  for (const kind of ["httpGet", "tcpSocket"]) {
    if (handler[kind] === undefined) continue;
    const port = valueAt(handler, kind, "port");
    if (typeof port === "string") {
      problems.require(
        ports.some(({ name }) => name === port),
        `${path}.${kind}.port`,
        `the container has no port named ${JSON.stringify(port)}`,
      );
    } else problems.require(isPort(port), `${path}.${kind}.port`, "must be 1 to 65535");
  }
}

function probeTimes(probe: Json, kind: string, path: string, problems: Problems): void {
  const least = {
    initialDelaySeconds: 0,
    timeoutSeconds: 1,
    periodSeconds: 1,
    successThreshold: 1,
    failureThreshold: 1,
  };
  for (const [field, minimum] of Object.entries(least)) {
    problems.require(
      probe[field] === undefined || Number(probe[field]) >= minimum,
      `${path}.${field}`,
      `must be at least ${minimum}`,
    );
  }
  if (kind !== "readinessProbe") {
    problems.require((probe["successThreshold"] ?? 1) === 1, `${path}.successThreshold`, "must be 1 here");
  }
}

function resourceRules(resources: Json, path: string, problems: Problems): void {
  const limits = at(resources, "limits");
  for (const [name, request] of Object.entries(at(resources, "requests"))) {
    const [asked, limit] = [parseQuantity(request), parseQuantity(limits[name])];
    problems.require(asked === undefined || asked >= 0, `${path}.requests.${name}`, "must not be negative");
    problems.require(
      asked === undefined || limit === undefined || asked <= limit,
      `${path}.requests.${name}`,
      `${String(request)} is more than the limit ${String(limits[name])}`,
    );
  }
}
