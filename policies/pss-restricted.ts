/**
 * The Pod Security Standard `restricted`, by the fields (kubernetes.io/docs/concepts/security/pod-security-standards), and what it
 * leaves open: a root file system that cannot be written, no service links, a user that is a number. A field that a preview does
 * not know is no promise, so it counts as missing.
 */
import { labels } from "../constants/labels.ts";
import { at, fields, items, notKnown, shown, text } from "./shared/known.ts";
import { type Container, containersOf, judgePod, type Pod } from "./shared/pods.ts";
import type { Resource, Rule } from "./shared/rule.ts";

const volumeTypes = new Set(
  "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret".split(" "),
);
const safeSysctls = new Set([
  "kernel.shm_rmid_forced",
  ..."local_port_range unprivileged_port_start local_reserved_ports".split(" ").map((name) => `net.ipv4.ip_${name}`),
  "net.ipv4.ping_group_range",
  ..."syncookies keepalive_time fin_timeout keepalive_intvl keepalive_probes rmem wmem"
    .split(" ")
    .map((name) => `net.ipv4.tcp_${name}`),
]);
const seLinuxTypes = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const switches = ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"];
const hooks = ["preStop", "postStart"] as const;

/** A switch that must stay off: anything but false, or nothing at all, is on. */
const isOn = (value: unknown) => value !== undefined && value !== false;
/** Files of the group 0 are the image's and the node's own. */
const isRootGroup = (value: unknown) => value === 0 || value === notKnown;
const isUser = (value: unknown) => typeof value === "number" && value > 0;

/** What a context may not say, for a pod as for a container. */
function forbidden(context: unknown): string[] {
  const seLinux = at(context, "seLinuxOptions");
  const seLinuxType = at(seLinux, "type");
  return [
    ...(at(context, "runAsUser") === 0 ? ["runAsUser is 0"] : []),
    ...["runAsGroup", "fsGroup"]
      .filter((name) => isRootGroup(at(context, name)))
      .map((name) => `${name} is 0 or not known`),
    ...(at(context, "runAsNonRoot") === false ? ["runAsNonRoot is false"] : []),
    ...(isOn(at(context, "windowsOptions", "hostProcess")) ? ["windowsOptions.hostProcess is set"] : []),
    ...(at(context, "appArmorProfile", "type") === "Unconfined" ? ["appArmorProfile is Unconfined"] : []),
    ...(seLinuxType !== undefined && !seLinuxTypes.includes(text(seLinuxType) ?? "")
      ? [`seLinuxOptions.type is ${shown(seLinuxType)}`]
      : []),
    ...["user", "role"]
      .filter((name) => at(seLinux, name) !== undefined)
      .map((name) => `seLinuxOptions.${name} is set`),
  ];
}

function volumeProblems(volume: unknown, index: number): string[] {
  const name = `volumes[${index}] ${text(at(volume, "name")) ?? "without a name"}`;
  if (volume === notKnown) {
    return [`${name}: not known in a preview`];
  }
  return Object.keys(fields(volume))
    .filter((key) => key !== "name" && !volumeTypes.has(key))
    .map((type) => `${name}: the type ${type} is not allowed`);
}

function podProblems({ spec, annotations }: Pod): string[] {
  const volumes = at(spec, "volumes");
  const groups = at(spec, "securityContext", "supplementalGroups");
  const sysctls = items(at(spec, "securityContext", "sysctls")).map((sysctl) => text(at(sysctl, "name")));
  return [
    ...switches.filter((field) => isOn(at(spec, field))).map((field) => `${field} is on`),
    ...(at(spec, "enableServiceLinks") === false ? [] : ["enableServiceLinks is not false"]),
    ...(volumes === notKnown ? ["volumes: not known in a preview"] : items(volumes).flatMap(volumeProblems)),
    ...sysctls.filter((name) => !safeSysctls.has(name ?? "")).map((name) => `the sysctl ${shown(name)} is not safe`),
    ...Object.entries(annotations)
      .filter(([key]) => key.startsWith("container.apparmor.security.beta.kubernetes.io/"))
      .filter(([, value]) => !/^(runtime\/default|localhost\/)/.test(String(value)))
      .map(([key]) => `the annotation ${key} lets AppArmor go`),
    ...(isRootGroup(groups) || items(groups).some(isRootGroup)
      ? ["securityContext.supplementalGroups has 0 or is not known"]
      : []),
    ...forbidden(at(spec, "securityContext")).map((problem) => `securityContext.${problem}`),
  ];
}

function capabilityProblems(context: unknown): string[] {
  const [drop, add] = [at(context, "capabilities", "drop"), at(context, "capabilities", "add")];
  const added = add === notKnown ? [add] : items(add).filter((name) => name !== "NET_BIND_SERVICE");
  return [
    ...(items(drop).includes("ALL") ? [] : ["capabilities.drop is without ALL"]),
    ...(added.length > 0 ? [`capabilities.add has ${added.map(shown).join(", ")}`] : []),
  ];
}

function containerProblems({ path, spec }: Container, pod: Pod): string[] {
  const context = at(spec, "securityContext");
  const shared = at(pod.spec, "securityContext");
  const either = (...field: string[]) => at(context, ...field) ?? at(shared, ...field);
  const ports = items(at(spec, "ports")).map((port) => at(port, "hostPort"));
  const problems = [
    ...forbidden(context),
    ...(isOn(at(context, "privileged")) ? ["privileged is on"] : []),
    ...(at(context, "allowPrivilegeEscalation") === false ? [] : ["allowPrivilegeEscalation is not false"]),
    ...(at(context, "readOnlyRootFilesystem") === true ? [] : ["readOnlyRootFilesystem is not true"]),
    ...(either("runAsNonRoot") === true ? [] : ["runAsNonRoot is not true, here or for the pod"]),
    ...(isUser(either("runAsUser")) ? [] : ["runAsUser is no number above 0, here or for the pod"]),
    ...(["RuntimeDefault", "Localhost"].includes(text(either("seccompProfile", "type")) ?? "")
      ? []
      : ["seccompProfile is neither RuntimeDefault nor Localhost, here or for the pod"]),
    ...(["Default", undefined].includes(text(at(context, "procMount"))) ? [] : ["procMount is not Default"]),
    ...capabilityProblems(context),
  ].map((problem) => `securityContext.${problem}`);
  const around = [
    ...(ports.some((port) => port !== undefined && port !== 0) ? ["a port of the node is taken (hostPort)"] : []),
    ...hooks
      .filter((hook) =>
        ["httpGet", "tcpSocket"].some((kind) => at(spec, "lifecycle", hook, kind, "host") !== undefined),
      )
      .map((hook) => `lifecycle.${hook} names a host`),
  ];
  return [...problems, ...around].map((problem) => `${path}: ${problem}`);
}

const modes = ["enforce", "warn", "audit"].map((mode) => labels.podSecurityEnforce.replace(/enforce$/, mode));

/** The standard of an old version knows less; without a version it is the latest. */
function namespaceProblems({ props }: Resource): string[] {
  const given = (label: string) => at(props, "metadata", "labels", label);
  const old = modes
    .map((label) => `${label}-version`)
    .filter((label) => ![undefined, "latest"].includes(given(label) as string));
  return [
    ...modes
      .filter((label) => given(label) !== "restricted")
      .map((label) => `the label ${label} is ${shown(given(label))}, not "restricted"`),
    ...old.map((label) => `the label ${label} is ${shown(given(label))}, not "latest"`),
  ];
}

/** Pods reach such a volume by a claim, whose kind no rule on pods can see. */
const volumeOfNode = ({ props }: Resource) =>
  ["hostPath", "local"]
    .filter((type) => at(props, "spec", type) !== undefined)
    .map((type) => `the type ${type} is a folder of the node`);

const judgePods = judgePod((pod) => [
  ...podProblems(pod),
  ...containersOf(pod).flatMap((container) => containerProblems(container, pod)),
]);

const judges: Readonly<Record<string, (resource: Resource) => readonly string[]>> = {
  "core/Namespace": namespaceProblems,
  "core/PersistentVolume": volumeOfNode,
};

export const pssRestricted: Rule = {
  name: "frappe-pss-restricted",
  description: "Every pod keeps to the Pod Security Standard restricted, and every namespace enforces it.",
  remedy: "Render pods by components/shared/workload, which sets these fields, and namespaces by components/namespace",
  judge: (resource) => (judges[resource.kind] ?? judgePods)(resource),
};
