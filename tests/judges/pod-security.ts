// The Pod Security Standard `restricted` (with `baseline`, which it includes), as the admission controller of Kubernetes
// 1.34 judges a pod: https://kubernetes.io/docs/concepts/security/pod-security-standards. And our own, stricter wishes.
import { type Json, at, isObject, listAt, textAt, valueAt } from "./kubernetes-object.ts";

const volumeTypes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);
const selinuxTypes = new Set(["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"]);
const safeSysctls = new Set([
  ...[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
  ],
  ...[
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
  ],
  ...["net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"],
]);
const annotationAppArmor = /^container\.apparmor\.security\.beta\.kubernetes\.io\//;

interface Container {
  path: string;
  spec: Json;
  security: Json;
}

function containersOf(pod: Json): Container[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    listAt(pod, list).map((spec, index) => ({
      path: `${list}[${index}] ${String(spec["name"])}`,
      spec,
      security: at(spec, "securityContext"),
    })),
  );
}

/** What keeps a pod template (metadata and spec) out of a namespace that enforces `restricted`. */
export function restrictedViolations(template: unknown): string[] {
  const pod = at(template, "spec");
  if (valueAt(pod, "os", "name") === "windows") return ["windows pods are not judged here"];
  return [
    ...podViolations(template, pod),
    ...containersOf(pod).flatMap((container) => containerViolations(container, at(pod, "securityContext"))),
  ];
}

function podViolations(template: unknown, pod: Json): string[] {
  const security = at(pod, "securityContext");
  const found = ["hostNetwork", "hostPID", "hostIPC"]
    .filter((field) => pod[field] === true)
    .map((field) => `${field} shares a namespace with the host`);
  for (const volume of listAt(pod, "volumes")) {
    const types = Object.keys(volume).filter((key) => key !== "name" && !volumeTypes.has(key));
    found.push(...types.map((type) => `volume ${String(volume["name"])}: the type ${type} is not allowed`));
  }
  for (const { name } of listAt(security, "sysctls")) {
    if (!safeSysctls.has(String(name))) found.push(`sysctl ${String(name)} is not safe`);
  }
  for (const [key, value] of Object.entries(at(template, "metadata", "annotations"))) {
    if (annotationAppArmor.test(key) && !/^(runtime\/default|localhost\/.*)$/.test(String(value))) {
      found.push(`annotation ${key}: AppArmor must not be ${String(value)}`);
    }
  }
  return [...found, ...contextViolations(security).map((problem) => `pod: ${problem}`)];
}

/** Fields that stand in the pod's context as well as in a container's. */
function contextViolations(security: Json): string[] {
  const found: string[] = [];
  const seLinux = at(security, "seLinuxOptions");
  if (!selinuxTypes.has(textAt(seLinux, "type") ?? "")) {
    found.push(`SELinux type ${String(seLinux["type"])} is not allowed`);
  }
  if (seLinux["user"] || seLinux["role"]) found.push("SELinux user and role must not be set");
  const appArmor = textAt(security, "appArmorProfile", "type");
  if (appArmor === "Unconfined") found.push("AppArmor must not be Unconfined");
  const seccomp = textAt(security, "seccompProfile", "type");
  if (seccomp === "Unconfined") found.push("seccomp must not be Unconfined");
  if (valueAt(security, "windowsOptions", "hostProcess") === true) found.push("hostProcess must not be true");
  if (security["runAsNonRoot"] === false) found.push("runAsNonRoot must not be false");
  if (security["runAsUser"] === 0) found.push("runAsUser must not be 0");
  return found;
}

function containerViolations({ path, spec, security }: Container, pod: Json): string[] {
  const found = contextViolations(security);
  if (security["privileged"] === true) found.push("privileged must not be true");
  if (security["allowPrivilegeEscalation"] !== false) found.push("allowPrivilegeEscalation must be false");
  if ((security["runAsNonRoot"] ?? pod["runAsNonRoot"]) !== true) {
    found.push("runAsNonRoot must be true, here or for the pod");
  }
  const seccomp = textAt(security, "seccompProfile", "type") ?? textAt(pod, "seccompProfile", "type");
  if (seccomp !== "RuntimeDefault" && seccomp !== "Localhost") {
    found.push("seccompProfile must be RuntimeDefault or Localhost, here or for the pod");
  }
  const { drop, add } = at(security, "capabilities");
  if (!Array.isArray(drop) || !drop.includes("ALL")) found.push("capabilities must drop ALL");
  const added = Array.isArray(add) ? add.filter((capability) => capability !== "NET_BIND_SERVICE") : [];
  if (added.length > 0) found.push(`capabilities must not add ${added.join(", ")}`);
  if (!["Default", undefined].includes(textAt(security, "procMount"))) found.push("procMount must be Default");
  for (const { hostPort } of listAt(spec, "ports")) {
    if (hostPort !== undefined && hostPort !== 0) found.push(`host port ${JSON.stringify(hostPort)} is not allowed`);
  }
  found.push(...hostsInHandlers(spec));
  return found.map((problem) => `${path}: ${problem}`);
}

/** Since 1.34 (KEP-4940): a probe or hook must not make the kubelet call another host. */
function hostsInHandlers(spec: Json): string[] {
  const probes = ["livenessProbe", "readinessProbe", "startupProbe"].map((name) => ({ name, handler: spec[name] }));
  const hooks = ["preStop", "postStart"].map((name) => ({ name, handler: valueAt(spec, "lifecycle", name) }));
  return [...probes, ...hooks].flatMap(({ name, handler }) =>
    ["httpGet", "tcpSocket"]
      .filter((kind) => textAt(handler, kind, "host"))
      .map((kind) => `${name}.${kind}.host must not be set`),
  );
}

/** What the standard leaves open and this platform does not (research/reliability.md §4). */
export function hardeningViolations(template: unknown): string[] {
  const pod = at(template, "spec");
  const found: string[] = [];
  if (pod["automountServiceAccountToken"] !== false) found.push("automountServiceAccountToken must be false");
  if (pod["enableServiceLinks"] !== false) found.push("enableServiceLinks must be false");
  for (const { path, spec, security } of containersOf(pod)) {
    if (security["readOnlyRootFilesystem"] !== true) found.push(`${path}: readOnlyRootFilesystem must be true`);
    if (!isUser(security["runAsUser"]) && !isUser(valueAt(pod, "securityContext", "runAsUser"))) {
      found.push(`${path}: runAsUser must be a number above 0, here or for the pod`);
    }
    const limits = at(spec, "resources", "limits");
    for (const resource of ["memory", "ephemeral-storage"]) {
      if (limits[resource] === undefined) found.push(`${path}: no limit for ${resource}`);
    }
    for (const resource of ["cpu", "memory"]) {
      if (valueAt(spec, "resources", "requests", resource) === undefined) {
        found.push(`${path}: no request for ${resource}`);
      }
    }
    if (!isObject(spec["resources"])) found.push(`${path}: no resources`);
  }
  return found;
}

const isUser = (value: unknown) => Number.isInteger(value) && Number(value) > 0;
