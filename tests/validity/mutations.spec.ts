import assert from "node:assert/strict";
import {
  crossReferences,
  hardeningViolations,
  judgeObject,
  prepareSchemas,
  restrictedViolations,
} from "../judges/index.ts";
import { at, isObject, listAt, podTemplateOf, type Json, type KubernetesObject } from "../judges/kubernetes-object.ts";
import { recordStack, type StackRecording } from "../support/record-stack.ts";
import { issuers, operatorPods } from "./cluster.ts";

/** Every object inside a value, with the path that leads to it. */
function inner(value: unknown, path = ""): { path: string; found: Json }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => inner(item, `${path}[${index}]`));
  if (!isObject(value)) return [];
  return [{ path, found: value }, ...Object.entries(value).flatMap(([key, one]) => inner(one, `${path}.${key}`))];
}

/** Whose fields are names of the user's own, so that one more is no mistake. */
const open =
  /(labels|annotations|matchLabels|selector|data|stringData|requests|limits|parameters|nodeSelector|podSelector)$/;

type Spoil = (object: KubernetesObject) => void;
const template = (object: KubernetesObject) => podTemplateOf(object)?.template;
const container = (object: KubernetesObject) => listAt(template(object), "spec", "containers")[0] ?? {};

/** One slip each, as it could be made in a component; the judge must say something about each. */
const slips: Record<string, { kind: string; spoil: Spoil }> = {
  "a number in quotes": { kind: "Deployment", spoil: (one) => (at(one, "spec")["replicas"] = "two") },
  "a list that is an object": { kind: "Deployment", spoil: (one) => (container(one)["env"] = { TZ: "UTC" }) },
  "a size with a wrong unit": {
    kind: "PersistentVolumeClaim",
    spoil: (one) => (at(one, "spec", "resources", "requests")["storage"] = "20GB"),
  },
  "an unknown access mode": {
    kind: "PersistentVolumeClaim",
    spoil: (one) => (at(one, "spec")["accessModes"] = ["ReadWriteSometimes"]),
  },
  "a selector that does not select its own pods": {
    kind: "Deployment",
    spoil: (one) => (at(one, "spec", "selector", "matchLabels")["app"] = "other"),
  },
  "a mount without a volume": {
    kind: "StatefulSet",
    spoil: (one) => listAt(container(one), "volumeMounts").push({ name: "none", mountPath: "/x" }) && addMount(one),
  },
  "two ports of one name": {
    kind: "Service",
    spoil: (one) => (at(one, "spec")["ports"] = [1, 2].map((port) => ({ name: "http", port }))),
  },
  "a port beyond the last": { kind: "Service", spoil: (one) => (listAt(one, "spec", "ports")[0]!["port"] = 70_000) },
  "a budget that says both": { kind: "PodDisruptionBudget", spoil: (one) => (at(one, "spec")["minAvailable"] = 1) },
  "a name with capitals": { kind: "ConfigMap", spoil: (one) => (one.metadata.name = "Bench") },
  "a label value that is too long": {
    kind: "Secret",
    spoil: (one) => (one.metadata.labels = { ...one.metadata.labels, release: "a".repeat(64) }),
  },
  "data over 1 MiB": { kind: "ConfigMap", spoil: (one) => (at(one, "data")["big"] = "x".repeat((1 << 20) + 1)) },
  "a policy for a direction that is none": {
    kind: "NetworkPolicy",
    spoil: (one) => (at(one, "spec")["policyTypes"] = ["Sideways"]),
  },
  "a listener without a port": { kind: "Gateway", spoil: (one) => delete listAt(one, "spec", "listeners")[0]!["port"] },
  "a certificate without a name": { kind: "Certificate", spoil: (one) => delete at(one, "spec")["secretName"] },
  "a database of an unknown kind": { kind: "MariaDB", spoil: (one) => (one.apiVersion = "k8s.mariadb.com/v1") },
  "members that are no number": { kind: "MariaDB", spoil: (one) => (at(one, "spec")["replicas"] = "three") },
};

function addMount(object: KubernetesObject): void {
  const mounts = listAt(container(object), "volumeMounts");
  container(object)["volumeMounts"] = [...mounts, { name: "none", mountPath: "/x" }];
}

/** A pod that asks for more than it may have. */
const grabs: Record<string, (pod: Json) => void> = {
  "the host's network": (pod) => (pod["hostNetwork"] = true),
  root: (pod) => (at(pod, "securityContext")["runAsUser"] = 0),
  "a folder of the host": (pod) => (pod["volumes"] = [{ name: "host", hostPath: { path: "/" } }]),
  "no seccomp profile": (pod) => delete at(pod, "securityContext")["seccompProfile"],
  "its account's token": (pod) => (pod["automountServiceAccountToken"] = true),
  "a capability": (pod) => (at(listAt(pod, "containers")[0], "securityContext", "capabilities")["add"] = ["NET_ADMIN"]),
  "a writable root": (pod) => (at(listAt(pod, "containers")[0], "securityContext")["readOnlyRootFilesystem"] = false),
  "no memory limit": (pod) => delete at(listAt(pod, "containers")[0], "resources", "limits")["memory"],
};

describe("validity: the judges bite", () => {
  let recording: StackRecording;
  const copies = (kind?: string) =>
    structuredClone(recording.objects.filter((object) => kind === undefined || object.kind === kind));
  before(async function () {
    this.timeout(11 * 60_000);
    prepareSchemas();
    recording = await recordStack("prod");
  });

  it("an unknown field is found, wherever it stands in whichever object", function () {
    this.timeout(60_000);
    const unnoticed: string[] = [];
    let tried = 0;
    for (const object of copies()) {
      for (const { path, found } of inner(object)) {
        if (open.test(path)) continue;
        found["unknownField"] = true;
        tried += 1;
        if (judgeObject(object).length === 0) unnoticed.push(`${object.kind} ${object.metadata.name}${path}`);
        delete found["unknownField"];
      }
    }
    assert.deepEqual(unnoticed, []);
    assert.ok(tried > 500, `${tried} places`);
  });

  for (const [what, { kind, spoil }] of Object.entries(slips)) {
    it(`${what} is found in a ${kind}`, () => {
      const [object] = copies(kind);
      assert.ok(object);
      assert.deepEqual(judgeObject(object), []);
      spoil(object);
      assert.notDeepEqual(judgeObject(object), []);
    });
  }

  for (const [what, grab] of Object.entries(grabs)) {
    it(`a pod with ${what} is refused, of every workload`, () => {
      const workloads = copies().filter((object) => podTemplateOf(object) !== undefined);
      assert.ok(workloads.length > 5);
      for (const object of workloads) {
        grab(at(template(object), "spec"));
        const violations = [...restrictedViolations(template(object)), ...hardeningViolations(template(object))];
        assert.notDeepEqual(violations, [], object.metadata.name);
      }
    });
  }

  it("any object that others refer to is missed when it is left out", () => {
    const all = [...recording.objects, ...operatorPods(recording), ...issuers(recording)];
    const referredTo = /^(Secret|ConfigMap|PersistentVolumeClaim|ServiceAccount|Gateway|Certificate)$/;
    const gone = recording.objects.filter(({ kind }) => referredTo.test(kind));
    const unmissed = gone.filter(
      (one) => crossReferences({ objects: all.filter((object) => object !== one) }).length === 0,
    );
    assert.deepEqual(
      unmissed.map(({ kind, metadata }) => `${kind} ${metadata.name?.replace(/-[0-9a-f]{8,10}$/, "")}`).sort(),
      // For people and for later rooms; MariaDB's pods get an account from the operator.
      ["ConfigMap release", "Secret backup-password", "Secret sites-seed", "ServiceAccount database"],
    );
  });
});
