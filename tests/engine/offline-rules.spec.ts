import assert from "node:assert/strict";
import { OfflineProvider } from "../../engine/offline/provider.ts";
import type { OfflinePackage } from "../../engine/offline/package.ts";
import { command } from "../../engine/offline/rules/command.ts";
import { docker } from "../../engine/offline/rules/docker.ts";
import { kubernetes } from "../../engine/offline/rules/kubernetes.ts";
import { random } from "../../engine/offline/rules/random.ts";
import { secret, unknown, type Properties } from "../../engine/offline/value.ts";

const auto = (rest: Properties): Properties => ({
  metadata: { name: "it-1234", annotations: { "pulumi.com/autonamed": "true" } },
  ...rest,
});
const fixed = (rest: Properties): Properties => ({ metadata: { name: "it" }, ...rest });
const generated = (rest: Properties): Properties => ({ metadata: { generateName: "it-" }, ...rest });
const withMetadata = (metadata: Properties): Properties => ({ metadata: { name: "it", ...metadata } });
const spec = (value: Properties) => auto({ spec: value });
const fixedSpec = (value: Properties) => fixed({ spec: value });
const data = (value: Properties[string]) => auto({ data: { key: value } });
const claim = (size: string) => ({ volumeClaimTemplates: [{ spec: { resources: { requests: { storage: size } } } }] });
const size = (storage: string) => spec({ resources: { requests: { storage } } });
const selector = (a: string) => ({ selector: { matchLabels: { a } } });

type Row = readonly [what: string, type: string, before: Properties, after: Properties];

const kubernetesRows: Readonly<Record<string, readonly Row[]>> = {
  same: [
    ["nothing", "apps/v1:Deployment", spec({ replicas: 1 }), spec({ replicas: 1 })],
    ["a mark of secrecy alone", "core/v1:ConfigMap", data("1"), data(secret("1"))],
  ],
  update: [
    ["a Deployment's replicas", "apps/v1:Deployment", spec({ replicas: 1 }), spec({ replicas: 2 })],
    ["a Deployment's template", "apps/v1:Deployment", spec({ template: { a: 1 } }), spec({ template: { a: 2 } })],
    ["a StatefulSet's template", "apps/v1:StatefulSet", fixedSpec({ template: { a: 1 } }), fixedSpec({})],
    ["a claim's size", "core/v1:PersistentVolumeClaim", size("1Gi"), size("2Gi")],
    ["a Job's backoffLimit", "batch/v1:Job", spec({ backoffLimit: 1 }), spec({ backoffLimit: 2 })],
    ["a Service's ports", "core/v1:Service", spec({ ports: [1] }), spec({ ports: [1, 2] })],
    ["a custom resource's spec", "k8s.mariadb.com/v1alpha1:MariaDB", fixedSpec({ a: 1 }), fixedSpec({ a: 2 })],
    ["a label", "core/v1:Service", withMetadata({}), withMetadata({ labels: { a: "1" } })],
  ],
  replace: [
    ["an autonamed Deployment's selector", "apps/v1:Deployment", spec(selector("1")), spec(selector("2"))],
    [
      "an autonamed StatefulSet's service",
      "apps/v1:StatefulSet",
      spec({ serviceName: "a" }),
      spec({ serviceName: "b" }),
    ],
    ["an autonamed ConfigMap's data", "core/v1:ConfigMap", data("1"), data("2")],
    ["a ConfigMap that gets data", "core/v1:ConfigMap", auto({}), data("2")],
    ["a ConfigMap of a generated name", "core/v1:ConfigMap", generated({ data: {} }), generated({ data: { a: "1" } })],
    ["a value not known yet", "core/v1:ConfigMap", data("1"), data(unknown)],
    [
      "a claim's class",
      "core/v1:PersistentVolumeClaim",
      spec({ storageClassName: "a" }),
      spec({ storageClassName: "b" }),
    ],
    ["a claim's access", "core/v1:PersistentVolumeClaim", spec({ accessModes: ["a"] }), spec({ accessModes: ["b"] })],
    ["a Job's template", "batch/v1:Job", spec({ template: { image: "a" } }), spec({ template: { image: "b" } })],
    ["a Service's clusterIP", "core/v1:Service", spec({ clusterIP: "None" }), spec({})],
    ["a role", "rbac.authorization.k8s.io/v1:RoleBinding", auto({ roleRef: { a: 1 } }), auto({ roleRef: { a: 2 } })],
    ["a name", "core/v1:Service", withMetadata({}), withMetadata({ name: "other" })],
    ["a namespace", "core/v1:Service", withMetadata({ namespace: "a" }), withMetadata({ namespace: "b" })],
  ],
  "replace, delete first": [
    ["a fixed Deployment's selector", "apps/v1:Deployment", fixedSpec(selector("1")), fixedSpec(selector("2"))],
    ["a fixed StatefulSet's claims", "apps/v1:StatefulSet", fixedSpec(claim("1Gi")), fixedSpec(claim("2Gi"))],
    ["a fixed Secret's data", "core/v1:Secret", fixed({ stringData: { a: "1" } }), fixed({ stringData: { a: "2" } })],
  ],
};

const password = "random:index/randomPassword:RandomPassword";
const container = "docker:index/container:Container";
const local = "command:local:Command";

const otherRows: Readonly<Record<string, readonly (readonly [...Row, OfflinePackage])[]>> = {
  update: [
    ["a command's environment", local, { environment: { A: "1" } }, { environment: { A: "2" } }, command],
    ["a container's restart policy", container, { restart: "no" }, { restart: "always" }, docker],
  ],
  replace: [
    ["a password's length", password, { length: 20 }, { length: 21 }, random],
    ["a password's keepers", password, { keepers: { a: "1" } }, { keepers: { a: "2" } }, random],
    ["a command's triggers", local, { triggers: ["1"] }, { triggers: ["2"] }, command],
    ["a container's variables", container, { envs: ["A=1"] }, { envs: ["A=2"] }, docker],
  ],
  "replace, delete first": [
    ["a named container's image", container, { name: "c", image: "a" }, { name: "c", image: "b" }, docker],
  ],
};

function outcome(rules: OfflinePackage, type: string, before: Properties, after: Properties): string {
  const { changes, deletesFirst } = new OfflineProvider(rules).diff(type, "it", before, after, []);
  if (!changes.some(({ replaces }) => replaces)) {
    return changes.length === 0 ? "same" : "update";
  }
  return deletesFirst ? "replace, delete first" : "replace";
}

describe("offline rules", () => {
  for (const [expected, rows] of Object.entries(kubernetesRows)) {
    for (const [what, type, before, after] of rows) {
      it(`answers a change of ${what} with: ${expected}`, () => {
        assert.equal(outcome(kubernetes, `kubernetes:${type}`, before, after), expected);
      });
    }
  }
  for (const [expected, rows] of Object.entries(otherRows)) {
    for (const [what, type, before, after, rules] of rows) {
      it(`answers a change of ${what} with: ${expected}`, () => {
        assert.equal(outcome(rules, type, before, after), expected);
      });
    }
  }
});
