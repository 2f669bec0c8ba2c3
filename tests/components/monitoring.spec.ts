import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { at, labelsAt, listAt, textAt, valueAt, type KubernetesObject } from "../judges/kubernetes-object.ts";
import { canary, ofType, only, reveal, type Recorded } from "../support/record.ts";
import { kubernetesObject, recordStack } from "../support/record-stack.ts";

const called = ({ type, name }: Recorded) => `${type.split(":").at(-1)} ${name}`;
const roomOf = (resources: readonly Recorded[]) =>
  resources.filter(({ opts }) => opts.parent?.endsWith("::monitoring")).map(called);
const podOf = (object: KubernetesObject) => at(object, "spec", "template", "spec");
const secretsOf = (resources: readonly Recorded[], name: string) =>
  reveal(only(resources, "kubernetes:core/v1:Secret", name).inputs["stringData"]);

describe("components/monitoring", () => {
  it("makes each part once, and nothing where the stack file wants none", async () => {
    const [own, none] = [await recordStack("dev"), await recordStack("external")];
    assert.deepEqual(roomOf(none.resources), []);
    assert.deepEqual(
      roomOf(own.resources).sort(),
      [
        ...["alertmanager", "blackbox-exporter", "database-exporter", "grafana", "prometheus", "redis-exporter"].map(
          (name) => `ConfigMap ${name}`,
        ),
        "DaemonSet node-exporter",
        ...["blackbox", "database", "redis", "volume"].map((name) => `Deployment ${name}-exporter`),
        "Deployment grafana",
        ...["alertmanager", "prometheus"].map((name) => `PersistentVolumeClaim ${name}-data`),
        ...["alertmanager", "blackbox-exporter", "database-exporter", "grafana", "nginx-exporter", "node-exporter"].map(
          (name) => `Service ${name}-service`,
        ),
        ...["prometheus", "redis-exporter", "volume-exporter"].map((name) => `Service ${name}-service`),
        ...["alertmanager", "prometheus"].map((name) => `StatefulSet ${name}`),
      ].sort(),
    );
  });

  it("keeps series and silences on volumes that go with the stack, whatever the stack file protects", async () => {
    const { resources } = await recordStack("prod");
    for (const name of ["prometheus-data", "alertmanager-data"]) {
      const claim = only(resources, "PersistentVolumeClaim", name);
      assert.notEqual(claim.opts.protect, true);
      assert.notEqual(claim.opts.retainOnDelete, true);
      const own = labelsAt(claim.inputs, "metadata", "labels");
      assert.deepEqual([own[labels.rebuildable], own[labels.holdsData]], ["true", undefined]);
      const user = only(resources, "StatefulSet", name.replace("-data", ""));
      assert.ok(user.opts.dependsOn.includes(claim.urn) && user.opts.deleteBeforeReplace === true);
    }
  });

  it("makes passwords of its own once, which may go with it, and gives each secret to whom it is for", async () => {
    const { resources, objects } = await recordStack("prod");
    for (const name of ["grafana-admin", "database-monitor", "redis-monitor"]) {
      const { opts } = only(resources, "RandomPassword", name);
      assert.notEqual(opts.protect, true);
      assert.deepEqual(opts.ignoreChanges, ["*"]);
    }
    assert.deepEqual(secretsOf(resources, "alerting"), {
      "pagerduty-key": canary("alertPagerdutyKey"),
      "smtp-password": canary("alertSmtpPassword"),
      "dead-man-url": canary("alertDeadManUrl"),
    });
    const readers = (secret: string) =>
      objects
        .filter((object) => JSON.stringify(object).includes(`"${secret}-`) && object.kind !== "Secret")
        .filter(({ kind }) => /Deployment|StatefulSet|DaemonSet|CronJob/.test(kind))
        .map((object) => labelsAt(object, "metadata", "labels")[labels.name]);
    assert.deepEqual(readers("alerting"), ["alertmanager"]);
    assert.deepEqual(readers("database-monitor"), ["database-exporter"]);
    assert.ok(!readers("grafana").some((name) => name !== "grafana"));
  });

  it("has the managed servers' exporters log in with the password that the stack file gives", async () => {
    const { resources } = await recordStack("external", (values) => {
      // Where nobody has to be told of alerts.
      values["environment"] = "dev";
      values["monitoring"] = { mode: "embedded" };
    });
    const data = secretsOf(resources, "redis-users") as Record<string, string>;
    assert.equal(data["cache-monitor-password"], canary("redisCachePassword"));
    assert.equal(data["queue-monitor-password"], canary("redisQueuePassword"));
  });

  it("puts a node exporter on each node, told the node's name and given nothing of the node", async () => {
    const { resources } = await recordStack("prod");
    const node = kubernetesObject(only(resources, "kubernetes:apps/v1:DaemonSet", "node-exporter"));
    const pod = podOf(node);
    const [setup] = listAt(pod, "initContainers");
    assert.deepEqual(valueAt(setup, "env"), [
      { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    ]);
    for (const key of ["hostNetwork", "hostPID", "tolerations"]) assert.equal(pod[key], undefined, key);
    assert.ok(listAt(pod, "volumes").every((volume) => valueAt(volume, "hostPath") === undefined));
  });

  it("gives Prometheus each pod of several by a Service without an address of its own", async () => {
    const { resources } = await recordStack("prod");
    for (const name of ["node-exporter-service", "nginx-exporter-service"]) {
      const service = kubernetesObject(only(resources, "kubernetes:core/v1:Service", name));
      assert.equal(textAt(service, "spec", "clusterIP"), "None");
      assert.equal(labelsAt(service, "spec", "selector")[labels.release], undefined);
    }
    for (const { inputs, name } of ofType(resources, "kubernetes:core/v1:Service")) {
      assert.equal(valueAt(inputs, "spec", "clusterIP") === "None", /^(node|nginx)-exporter/.test(name), name);
    }
  });
});
