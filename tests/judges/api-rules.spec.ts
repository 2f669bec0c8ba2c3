import assert from "node:assert/strict";
import { apiRules } from "./api-rules.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import * as samples from "./samples.ts";
import { prepareSchemas } from "./schemas.ts";

const { broken } = samples;
const pod = "spec.template.spec";
const container = `${pod}.containers.0`;
const long = "a".repeat(64);
const configMap = (data: object) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data });
const claim = (spec: object) => ({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "c" }, spec });

const defects: [name: string, object: KubernetesObject, problem: RegExp][] = [
  ["an upper-case name", broken(samples.deployment(), "metadata.name", "Web"), /"Web" is not a DNS-1123 subdomain/],
  ["a missing name", broken(samples.deployment(), "metadata.name", undefined), /metadata\.name: required/],
  [
    "a Service whose name begins with a digit",
    broken(samples.service(), "metadata.name", "1web"),
    /is not a DNS-1035 label/,
  ],
  [
    "a StatefulSet's name that its pods' labels cannot hold",
    broken(samples.statefulSet(), "metadata.name", "a".repeat(53)),
    /more than 52/,
  ],
  [
    "a CronJob's name that its Jobs cannot extend",
    broken(samples.cronJob(), "metadata.name", "a".repeat(53)),
    /more than 52/,
  ],
  [
    "a namespace on what has none",
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "a", namespace: "b" } },
    /a Namespace has no namespace/,
  ],
  ["a label value of 64 characters", broken(samples.deployment(), "metadata.labels.a", long), /longer than 63/],
  ["a label value with a slash", broken(samples.deployment(), "metadata.labels.a", "a/b"), /is not a label value/],
  [
    "a label key with two slashes",
    broken(samples.deployment(), "metadata.labels", { "a/b/c": "d" }),
    /is not a qualified name/,
  ],
  [
    "a pod label that is too long",
    broken(samples.deployment(), "spec.template.metadata.labels.a", long),
    /spec\.template\.metadata\.labels/,
  ],
  [
    "annotations of more than 256 KiB",
    broken(samples.deployment(), "metadata.annotations", { a: "x".repeat(256 << 10) }),
    /more than 256 KiB/,
  ],
  [
    "a selector that misses its own pods",
    broken(samples.deployment(), "spec.selector", { matchLabels: { a: "b" } }),
    /does not select/,
  ],
  [
    "a rolling update under Recreate",
    broken(samples.deployment(), "spec.strategy.type", "Recreate"),
    /only with RollingUpdate/,
  ],
  [
    "a rolling update that cannot move",
    broken(samples.deployment(), "spec.strategy.rollingUpdate.maxSurge", "0%"),
    /cannot both be 0/,
  ],
  [
    "a Deployment that does not restart",
    broken(samples.deployment(), `${pod}.restartPolicy`, "Never"),
    /must be Always/,
  ],
  [
    "a port name of 16 characters",
    broken(samples.deployment(), `${container}.ports.1`, { name: "a".repeat(16), containerPort: 1 }),
    /longer than 15/,
  ],
  [
    "a port number out of range",
    broken(samples.deployment(), `${container}.ports.0.containerPort`, 70_000),
    /1 to 65535/,
  ],
  [
    "one port name in two containers",
    broken(samples.deployment(), `${pod}.initContainers`, [
      { name: "i", image: "i", ports: [{ name: "http", containerPort: 1 }] },
    ]),
    /duplicate port name "http"/,
  ],
  [
    "two containers of one name",
    broken(samples.deployment(), `${pod}.initContainers`, [{ name: "web", image: "i" }]),
    /duplicate container "web"/,
  ],
  [
    "probes on an init container",
    broken(samples.deployment(), `${pod}.initContainers`, [
      { name: "i", image: "i", livenessProbe: { exec: { command: ["a"] } } },
    ]),
    /has no probes/,
  ],
  [
    "a variable name with an equals sign",
    broken(samples.deployment(), `${container}.env.0.name`, "A=B"),
    /is not a name of an environment variable/,
  ],
  ["a variable with two values", broken(samples.deployment(), `${container}.env.0.value`, "x"), /exclude each other/],
  [
    "a mount of an undeclared volume",
    broken(samples.deployment(), `${container}.volumeMounts.0.name`, "tmpp"),
    /no volume "tmpp" is declared/,
  ],
  [
    "two mounts on one path",
    broken(
      samples.deployment(),
      `${container}.volumeMounts`,
      ["/tmp", "/tmp/"].map((mountPath) => ({ name: "tmp", mountPath })),
    ),
    /duplicate mount path "\/tmp"/,
  ],
  [
    "a sub-path that climbs out",
    broken(samples.deployment(), `${container}.volumeMounts.0.subPath`, "a/../../b"),
    /must be relative and stay inside/,
  ],
  [
    "two volumes of one name",
    broken(samples.deployment(), `${pod}.volumes.1`, { name: "tmp", emptyDir: {} }),
    /duplicate volume "tmp"/,
  ],
  [
    "a volume with two sources",
    broken(samples.deployment(), `${pod}.volumes.0.configMap`, { name: "c" }),
    /exactly one source, not 2/,
  ],
  [
    "a volume without a source",
    broken(samples.deployment(), `${pod}.volumes.0.emptyDir`, undefined),
    /exactly one source, not 0/,
  ],
  [
    "a probe of a port that has no such name",
    broken(samples.deployment(), `${container}.readinessProbe.httpGet.port`, "https"),
    /no port named "https"/,
  ],
  [
    "a probe with two handlers",
    broken(samples.deployment(), `${container}.livenessProbe.exec`, { command: ["a"] }),
    /exactly one handler is needed, not 2/,
  ],
  [
    "a liveness probe that asks for two successes",
    broken(samples.deployment(), `${container}.livenessProbe.successThreshold`, 2),
    /must be 1 here/,
  ],
  [
    "a probe without patience",
    broken(samples.deployment(), `${container}.livenessProbe.timeoutSeconds`, 0),
    /must be at least 1/,
  ],
  [
    "a request above its limit",
    broken(samples.deployment(), `${container}.resources.requests.memory`, "2Gi"),
    /2Gi is more than the limit 1\.5Gi/,
  ],
  ["a claim without a size", claim({ accessModes: ["ReadWriteOnce"] }), /requests\.storage: required/],
  [
    "a claim without an access mode",
    claim({ resources: { requests: { storage: "1Gi" } } }),
    /at least one access mode/,
  ],
  [
    "a Job that always restarts",
    broken(samples.cronJob(), "spec.jobTemplate.spec.template.spec.restartPolicy", "Always"),
    /must be Never or OnFailure/,
  ],
  ["a key with a slash", configMap({ "a/b": "" }), /is not a key of a ConfigMap/],
  [
    "a ConfigMap of more than 1 MiB",
    configMap({ a: "x".repeat(600_000), b: "y".repeat(600_000) }),
    /1200000 bytes are more than 1 MiB/,
  ],
  [
    "several ports without names",
    broken(samples.service(), "spec.ports", [{ port: 1 }, { port: 2, name: "b" }]),
    /required when there are several/,
  ],
  [
    "one Service port twice",
    broken(
      samples.service(),
      "spec.ports",
      [1, 2].map((n) => ({ port: 1, name: `p${n}` })),
    ),
    /duplicate port "1\/TCP"/,
  ],
  [
    "a target port whose name is too long",
    broken(samples.service(), "spec.ports.0.targetPort", "a".repeat(16)),
    /longer than 15/,
  ],
  ["a budget that says both", broken(samples.budget(), "spec.minAvailable", 1), /exactly one of/],
  [
    "a peer that names nothing",
    broken(samples.networkPolicy(), "spec.ingress", [{ from: [{}] }]),
    /a peer needs a selector/,
  ],
  [
    "an address block beside a selector",
    broken(samples.networkPolicy(), "spec.egress", [{ to: [{ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }] }]),
    /ipBlock stands alone/,
  ],
];

describe("judges/api-rules", function () {
  before("take the schemas from the cache or from their modules", function () {
    this.timeout(15 * 60_000);
    prepareSchemas();
  });

  it("passes every object of a good stack", () => assert.deepEqual(samples.stack().flatMap(apiRules), []));

  for (const [name, object, problem] of defects) {
    it(`finds ${name}`, () => {
      const found = apiRules(object);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", problem);
    });
  }
});
