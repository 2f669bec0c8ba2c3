import * as names from "./api-names.ts";
import { type Problems, labelRules } from "./api-problems.ts";
import {
  type Json,
  type KubernetesObject,
  at,
  isObject,
  labelsAt,
  listAt,
  textAt,
  textOf,
  valueAt,
} from "./kubernetes-object.ts";
import { selects } from "./selectors.ts";

type Rules = (object: KubernetesObject, problems: Problems) => void;

const byKind: Readonly<Record<string, Rules>> = {
  ConfigMap: dataRules,
  CronJob: (object, problems) => jobRules(at(object, "spec", "jobTemplate", "spec"), "spec.jobTemplate.spec", problems),
  DaemonSet: workloadRules,
  Deployment: workloadRules,
  HorizontalPodAutoscaler: autoscalerRules,
  Ingress: ingressRules,
  Job: (object, problems) => jobRules(at(object, "spec"), "spec", problems),
  NetworkPolicy: networkPolicyRules,
  PersistentVolumeClaim: (object, problems) => claimRules(at(object, "spec"), "spec", problems),
  PodDisruptionBudget: budgetRules,
  Secret: dataRules,
  Service: serviceRules,
  StatefulSet: statefulSetRules,
};
const builtinGroups = /^(v1|(apps|batch|policy|autoscaling)\/.*|networking\.k8s\.io\/.*)$/;

export function apiRulesOfKind(object: KubernetesObject, problems: Problems): void {
  if (builtinGroups.test(object.apiVersion)) byKind[object.kind]?.(object, problems);
}

function workloadRules(object: KubernetesObject, problems: Problems): void {
  const selector = at(object, "spec", "selector");
  problems.require(Object.keys(selector).length > 0, "spec.selector", "must not be empty");
  const labels = labelsAt(object, "spec", "template", "metadata", "labels");
  problems.require(selects(selector, labels), "spec.selector", "does not select the labels of spec.template");
  const restart = textAt(object, "spec", "template", "spec", "restartPolicy") ?? "Always";
  problems.require(restart === "Always", "spec.template.spec.restartPolicy", `must be Always in a ${object.kind}`);
  const replicas = valueAt(object, "spec", "replicas");
  problems.require(replicas === undefined || Number(replicas) >= 0, "spec.replicas", "must not be negative");
  const strategy = at(object, "spec", "strategy");
  problems.require(
    strategy["type"] !== "Recreate" || strategy["rollingUpdate"] === undefined,
    "spec.strategy.rollingUpdate",
    "goes only with RollingUpdate",
  );
  const { maxSurge, maxUnavailable } = at(strategy, "rollingUpdate");
  const none = (value: unknown) => value === 0 || value === "0%";
  problems.require(
    !(none(maxSurge) && none(maxUnavailable)),
    "spec.strategy.rollingUpdate",
    "maxSurge and maxUnavailable cannot both be 0",
  );
}

function statefulSetRules(object: KubernetesObject, problems: Problems): void {
  workloadRules(object, problems);
  const templates = listAt(object, "spec", "volumeClaimTemplates");
  const claims = templates.map((template) => textAt(template, "metadata", "name") ?? "");
  problems.unique(claims, "spec.volumeClaimTemplates", "claim");
  for (const [index, template] of templates.entries()) {
    labelRules(template["metadata"], `spec.volumeClaimTemplates[${index}].metadata`, problems);
    claimRules(at(template, "spec"), `spec.volumeClaimTemplates[${index}].spec`, problems);
  }
}

function claimRules(spec: Json, path: string, problems: Problems): void {
  const modes = spec["accessModes"];
  problems.require(
    Array.isArray(modes) && modes.length > 0,
    `${path}.accessModes`,
    "at least one access mode is needed",
  );
  problems.require(
    valueAt(spec, "resources", "requests", "storage") !== undefined,
    `${path}.resources.requests.storage`,
    "required, but missing",
  );
  const storageClass = textAt(spec, "storageClassName");
  if (storageClass) problems.add(`${path}.storageClassName`, names.dnsSubdomain(storageClass));
}

function jobRules(spec: Json, path: string, problems: Problems): void {
  const restart = textAt(spec, "template", "spec", "restartPolicy");
  problems.require(
    restart === "Never" || restart === "OnFailure",
    `${path}.template.spec.restartPolicy`,
    "must be Never or OnFailure in a Job",
  );
  for (const field of [
    "backoffLimit",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
    "parallelism",
    "completions",
  ]) {
    problems.require(spec[field] === undefined || Number(spec[field]) >= 0, `${path}.${field}`, "must not be negative");
  }
}

function dataRules(object: KubernetesObject, problems: Problems): void {
  const parts = ["data", "stringData", "binaryData"].map((field) =>
    Object.entries(at(object, field)).map(([key, value]) => ({ key, value: String(value), field })),
  );
  for (const { key, field } of parts.flat()) problems.add(field, names.dataKey(key));
  if (object.kind === "ConfigMap") {
    problems.unique(
      parts.flat().map(({ key }) => key),
      "data",
      "key",
    );
  }
  const encoded = (field: string) => field === "binaryData" || (field === "data" && object.kind === "Secret");
  const size = parts
    .flat()
    .reduce(
      (sum, { value, field }) =>
        sum + (encoded(field) ? Buffer.from(value, "base64").length : Buffer.byteLength(value)),
      0,
    );
  problems.require(size <= 1 << 20, "data", `${size} bytes are more than 1 MiB`);
}

function serviceRules(object: KubernetesObject, problems: Problems): void {
  const ports = listAt(object, "spec", "ports");
  const headless = valueAt(object, "spec", "clusterIP") === "None";
  const external = valueAt(object, "spec", "type") === "ExternalName";
  problems.require(ports.length > 0 || headless || external, "spec.ports", "at least one port is needed");
  problems.unique(
    ports.map(({ name }) => name).filter((name) => name !== undefined),
    "spec.ports",
    "port name",
  );
  problems.unique(
    ports.map(({ port, protocol }) => `${String(port)}/${textOf(protocol, "TCP")}`),
    "spec.ports",
    "port",
  );
  for (const [index, { name, port, targetPort }] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (name === undefined) {
      problems.require(ports.length === 1, `${path}.name`, "required when there are several ports");
    } else problems.add(`${path}.name`, names.dnsLabel(textOf(name)));
    problems.require(names.isPort(port), `${path}.port`, "must be 1 to 65535");
    if (typeof targetPort === "string") problems.add(`${path}.targetPort`, names.portName(targetPort));
    else {
      problems.require(
        targetPort === undefined || names.isPort(targetPort),
        `${path}.targetPort`,
        "must be 1 to 65535",
      );
    }
  }
  for (const [key, value] of Object.entries(labelsAt(object, "spec", "selector"))) {
    problems.add("spec.selector", names.qualifiedName(key) ?? names.labelValue(value));
  }
}

function budgetRules(object: KubernetesObject, problems: Problems): void {
  const { minAvailable, maxUnavailable } = at(object, "spec");
  problems.require(
    (minAvailable === undefined) !== (maxUnavailable === undefined),
    "spec",
    "exactly one of minAvailable and maxUnavailable is needed",
  );
}

function autoscalerRules(object: KubernetesObject, problems: Problems): void {
  const { minReplicas = 1, maxReplicas } = at(object, "spec");
  problems.require(Number(maxReplicas) >= Number(minReplicas), "spec.maxReplicas", "must not be less than minReplicas");
}

function ingressRules(object: KubernetesObject, problems: Problems): void {
  const hosts = [
    ...listAt(object, "spec", "rules").map(({ host }) => host),
    ...listAt(object, "spec", "tls").flatMap(({ hosts: list }) => (Array.isArray(list) ? (list as unknown[]) : [])),
  ];
  for (const host of hosts) {
    if (typeof host === "string") problems.add("spec", names.dnsSubdomain(host.replace(/^\*\./, "")));
  }
  for (const [index, rule] of listAt(object, "spec", "rules").entries()) {
    for (const { path = "", pathType } of listAt(rule, "http", "paths")) {
      problems.require(
        pathType === "ImplementationSpecific" || String(path).startsWith("/"),
        `spec.rules[${index}].http.paths`,
        "a path begins with a slash",
      );
    }
  }
}

function networkPolicyRules(object: KubernetesObject, problems: Problems): void {
  const rules = (["ingress", "egress"] as const).flatMap((way) =>
    listAt(object, "spec", way).map((rule, index) => ({
      rule,
      path: `spec.${way}[${index}]`,
      peers: way === "ingress" ? "from" : "to",
    })),
  );
  for (const { rule, path, peers } of rules) {
    for (const peer of listAt(rule, peers)) {
      const kinds = Object.keys(peer);
      problems.require(kinds.length > 0, `${path}.${peers}`, "a peer needs a selector or an ipBlock");
      problems.require(!isObject(peer["ipBlock"]) || kinds.length === 1, `${path}.${peers}`, "ipBlock stands alone");
    }
    for (const { port, endPort } of listAt(rule, "ports")) {
      if (typeof port === "string") problems.add(`${path}.ports`, names.portName(port));
      else problems.require(port === undefined || names.isPort(port), `${path}.ports`, "must be 1 to 65535");
      problems.require(
        endPort === undefined || (typeof port === "number" && Number(endPort) >= port),
        `${path}.ports.endPort`,
        "needs a port that is not greater",
      );
    }
  }
}
