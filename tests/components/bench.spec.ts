import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { at, labelsAt, listAt, textAt, valueAt, type KubernetesObject } from "../judges/kubernetes-object.ts";
import { ofType, only, type Recorded } from "../support/record.ts";
import { kubernetesObject, recordStack } from "../support/record-stack.ts";
import { stackConfig, stackNames } from "../support/stacks.ts";

type Change = Parameters<typeof stackConfig>[1];

/** The bench's own. */
const deployments = (resources: readonly Recorded[]) =>
  ofType(resources, "kubernetes:apps/v1:Deployment").filter(({ opts }) => opts.parent?.endsWith("::bench"));
const ofKind = (objects: readonly KubernetesObject[], kind: string) => objects.filter((object) => object.kind === kind);
const selectorOf = (object: KubernetesObject) =>
  object.kind === "Service"
    ? labelsAt(object, "spec", "selector")
    : labelsAt(object, "spec", "selector", "matchLabels");

describe("components/bench: releases", () => {
  it("name the release in the selectors of what belongs to one, and in no other", async () => {
    for (const stack of stackNames) {
      const { objects, plan } = await recordStack(stack);
      for (const object of [
        ...ofKind(objects, "Deployment"),
        ...ofKind(objects, "StatefulSet"),
        ...ofKind(objects, "Service"),
      ]) {
        const component = selectorOf(object)[labels.component] ?? "";
        // Prometheus asks the nginx of every release that stands.
        const ofEach = object.metadata.name === "nginx-exporter";
        const released = !ofEach && ["web", "socketio", "scheduler", "worker", "nginx"].includes(component);
        assert.equal(selectorOf(object)[labels.release], released ? plan.release.id : undefined, object.metadata.name);
      }
    }
  });

  it("never put a version into a selector", async () => {
    const { objects } = await recordStack("prod");
    for (const object of objects) {
      assert.doesNotMatch(
        JSON.stringify(at(object, "spec", "selector")),
        /app\.kubernetes\.io\/version/,
        object.metadata.name,
      );
    }
  });

  it("replace their workloads, and bring addresses of their own", async () => {
    const [before, after] = [
      await recordStack("prod"),
      await recordStack("prod", (values) => (values["release"] = { attempt: 2 })),
    ];
    assert.notEqual(before.plan.release.id, after.plan.release.id);
    // An address inside a release is a resource of that release: on the way back from one that failed it still stands.
    const without = ({ resources, plan }: typeof before) =>
      resources.map(({ urn }) => urn.replace(`-service-${plan.release.id}`, "-service")).sort();
    assert.deepEqual(without(before), without(after));
    const shared = before.resources.filter(({ urn }) => after.resources.some((one) => one.urn === urn));
    assert.equal(before.resources.length - shared.length, before.plan.bench.releaseServices.length);
    const [one, other] = [before, after].map(({ resources }) =>
      deployments(resources).map(({ inputs }) => at(inputs, "spec", "selector")),
    );
    assert.equal(one?.length, 8);
    for (const [i, selector] of (one ?? []).entries()) assert.notDeepEqual(selector, other?.[i]);
    for (const { inputs } of deployments(after.resources)) assert.equal(textAt(inputs, "metadata", "name"), undefined);
  });

  it("change nothing of database, Redis, volumes, secrets and policies", async () => {
    const [before, after] = [
      await recordStack("staging"),
      await recordStack("staging", (values) => (values["release"] = { attempt: 2 })),
    ];
    const lasting = ({ resources }: typeof before) =>
      resources.filter(({ opts }) => /(Database|Redis|Secrets|Network|StackNamespace)::/.test(opts.parent ?? ""));
    assert.ok(lasting(before).length > 15);
    assert.deepEqual(lasting(after), lasting(before));
  });

  it("start nginx when the addresses of its upstreams are there, and every role when its volume and data services are", async () => {
    const { resources, plan } = await recordStack("staging");
    const nginx = only(resources, "kubernetes:apps/v1:Deployment", "nginx");
    for (const name of [`web-service-${plan.release.id}`, `socketio-0-service-${plan.release.id}`]) {
      assert.ok(nginx.opts.dependsOn.includes(only(resources, "kubernetes:core/v1:Service", name).urn), name);
    }
    const volume = only(resources, "PersistentVolumeClaim", "sites").urn;
    for (const { opts, name } of deployments(resources)) assert.ok(opts.dependsOn.includes(volume), name);
    const room = only(resources, "frappe:bench:Bench");
    for (const name of ["mariadb", "redis-cache", "redis-queue"]) {
      assert.ok(room.opts.dependsOn.includes(only(resources, "kubernetes:apps/v1:StatefulSet", name).urn), name);
    }
    const policies = ofType(resources, "kubernetes:networking.k8s.io/v1:NetworkPolicy");
    for (const { urn, name } of policies) assert.ok(room.opts.dependsOn.includes(urn), name);
  });

  it("delete the old set first only where the stack file says recreate, and never a volume", async () => {
    const [kept, gone] = await Promise.all([recordStack("staging"), recordStack("dev")]);
    const before = ({ resources }: typeof kept) =>
      resources
        .filter(({ opts }) => opts.deleteBeforeReplace === true)
        .map(({ name }) => name)
        .sort();
    const servers = ["alertmanager", "mariadb", "prometheus", "redis-cache", "redis-queue"];
    assert.deepEqual(before(kept), servers);
    const released = deployments(gone.resources).map(({ name }) => name);
    assert.deepEqual(before(gone), [...servers, ...released].sort());
  });

  it("leave a manifest of their facts, whose label says which release, and whose name never meets an older one's", async () => {
    const { objects, plan } = await recordStack("prod");
    const [manifest] = ofKind(objects, "ConfigMap").filter(
      ({ metadata }) => metadata.labels?.[labels.releaseManifest] === "true",
    );
    assert.ok(manifest);
    assert.match(manifest.metadata.name ?? "", /^release-[0-9a-f]{8}$/);
    assert.equal(manifest.metadata.labels?.[labels.release], plan.release.id);
    assert.deepEqual(JSON.parse(textAt(manifest, "data", "release.json") ?? ""), plan.release.manifest);
  });
});

describe("components/bench: disruptions and places", () => {
  const budgets = async (stack: (typeof stackNames)[number], change?: Change) =>
    ofKind((await recordStack(stack, change)).objects, "PodDisruptionBudget");

  it("take one pod at a time of each component that has two, and no budget stands where there is one pod", async () => {
    assert.deepEqual((await budgets("prod")).map(({ metadata }) => metadata.name).sort(), [
      "nginx",
      "service-portal",
      "socketio",
      "web",
      "worker",
    ]);
    assert.deepEqual(await budgets("dev"), []);
    const two = await budgets("dev", (values) => (values["bench"].web.replicas = 2));
    assert.deepEqual(
      two.map(({ metadata }) => metadata.name),
      ["web"],
    );
    for (const budget of two) assert.equal(valueAt(budget, "spec", "maxUnavailable"), 1);
  });

  it("count the pods of both releases: a budget selects the component, not the release", async () => {
    for (const budget of await budgets("prod")) {
      assert.deepEqual(labelsAt(budget, "spec", "selector", "matchLabels"), {
        [labels.component]: budget.metadata.name,
      });
    }
  });

  it("keep pods on one node where the volume holds on one only, and apart elsewhere", async () => {
    const [one, many] = [await recordStack("dev"), await recordStack("staging")];
    for (const object of ofKind(one.objects, "Deployment")) {
      const spec = at(object, "spec", "template", "spec");
      const mounts = listAt(spec, "volumes").some((volume) =>
        ["sites", "backups"].includes(textAt(volume, "persistentVolumeClaim", "claimName") ?? ""),
      );
      const together = listAt(spec, "affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
      assert.equal(together.length, mounts ? 1 : 0, object.metadata.name);
      const own = labelsAt(object, "spec", "template", "metadata", "labels");
      for (const [key, value] of Object.entries(labelsAt(together[0], "labelSelector", "matchLabels"))) {
        assert.equal(own[key], value);
      }
    }
    for (const object of ofKind(many.objects, "Deployment")) {
      assert.equal(listAt(object, "spec", "template", "spec", "topologySpreadConstraints").length, 1);
    }
  });

  it("run one scheduler, ended before the next one starts; all others never fewer than declared", async () => {
    const { objects } = await recordStack("prod");
    for (const object of ofKind(objects, "Deployment")) {
      const { strategy, replicas } = at(object, "spec");
      const scheduler = labelsAt(object, "metadata", "labels")[labels.component] === "scheduler";
      const rolling = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
      assert.deepEqual(strategy, scheduler ? { type: "Recreate" } : rolling);
      if (scheduler) assert.equal(replicas, 1);
    }
  });

  it("render each planned workload once, with its command, user and stop grace", async () => {
    const { resources, plan } = await recordStack("prod");
    assert.deepEqual(
      deployments(resources)
        .map(({ name }) => name)
        .sort(),
      plan.bench.workloads.map(({ name }) => name).sort(),
    );
    for (const workload of plan.bench.workloads) {
      const object = kubernetesObject(only(resources, "kubernetes:apps/v1:Deployment", workload.name));
      const spec = at(object, "spec", "template", "spec");
      assert.equal(spec["terminationGracePeriodSeconds"], workload.stopGrace);
      assert.equal(at(spec, "securityContext")["runAsUser"], workload.user);
      assert.deepEqual(
        listAt(spec, "containers").map(({ command }) => command),
        workload.containers.map(({ command }) => command),
      );
    }
  });
});
