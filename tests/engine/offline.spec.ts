import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { summarise } from "../../review/summary.ts";
import { engineTimeout, makeToy, type Plan, type Toy } from "./toy.ts";

/** A program of one resource a rule; `after` picks the second value of each pair, so that every rule is tried by one preview. */
const program = (after: boolean) => {
  const pick = (before: string, then: string) => (after ? then : before);
  return `
const pod = (labels, more) => ({ metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }], ...more } });
const workload = (label, more) => ({ selector: { matchLabels: { a: label } }, template: pod({ a: label }), ...more });
const { v1: core } = k8s.core, { v1: apps } = k8s.apps;
new apps.Deployment("scaled", { spec: workload("1", { replicas: ${pick("1", "2")} }) });
new apps.Deployment("selected", { spec: workload("${pick("1", "2")}") });
new apps.StatefulSet("claims", { metadata: { name: "claims" }, spec: workload("1", { serviceName: "s",
  volumeClaimTemplates: [{ metadata: { name: "d" }, spec: { resources: { requests: { storage: "${pick("1Gi", "2Gi")}" } } } }] }) });
const settings = new core.ConfigMap("settings", { data: { key: "${pick("a", "b")}" } });
new apps.Deployment("reader", { spec: { ...workload("1"),
  template: pod({ a: "1" }, { volumes: [{ name: "v", configMap: { name: settings.metadata.name } }] }) } });
new core.PersistentVolumeClaim("grown", { spec: { resources: { requests: { storage: "${pick("1Gi", "2Gi")}" } } } });
new core.PersistentVolumeClaim("moved", { metadata: { labels: { "${labels.holdsData}": "true" } }, spec: { storageClassName: "${pick("slow", "fast")}" } });
new k8s.batch.v1.Job("migrate", { spec: { template: pod({ v: "${pick("1", "2")}" }) } });
new core.Service("headless", { spec: { clusterIP: ${pick(`"None"`, "undefined")}, ports: [{ port: 80 }] } });
new core.Service("ignoring", { metadata: { annotations: { "a/b": "${pick("1", "2")}" } }, spec: { clusterIP: "${pick("None", "10.0.0.1")}" } },
  { ignoreChanges: ["metadata.annotations", "spec.clusterIP"] });
new random.RandomPassword("longer", { length: ${pick("20", "21")} });
new random.RandomPassword("kept", { length: 20, keepers: { k: "${pick("1", "2")}" } });
new command.local.Command("triggered", { create: "true", triggers: ["${pick("1", "2")}"] });
new command.local.Command("told", { create: "true", environment: { K: "${pick("1", "2")}" } });
new docker.Container("container", { image: "i", envs: ["K=${pick("1", "2")}"] });
`;
};

const replaced = {
  creatingFirst: ["create-replacement", "replace", "delete-replaced"],
  deletingFirst: ["delete-replaced", "replace", "create-replacement"],
};

const expected: readonly [resource: string, change: string, op: string][] = [
  ["scaled", "a Deployment's replicas", "update"],
  ["selected", "an autonamed Deployment's selector", "replace"],
  ["claims", "the claims of a StatefulSet with a fixed name", "replace"],
  ["settings", "an autonamed ConfigMap's data", "replace"],
  ["reader", "the name of a ConfigMap that a Deployment reads", "update"],
  ["grown", "a claim's size", "update"],
  ["moved", "a claim's storage class", "replace"],
  ["migrate", "a Job's template", "replace"],
  ["headless", "a Service's clusterIP", "replace"],
  ["ignoring", "what is ignored", "same"],
  ["longer", "a password's length", "replace"],
  ["kept", "a password's keepers", "replace"],
  ["triggered", "a command's triggers", "replace"],
  ["told", "a command's environment", "update"],
  ["container", "a container's variables", "replace"],
];

describe("offline providers on the real engine", function () {
  this.timeout(engineTimeout);
  let toy: Toy;
  let plan: Plan;

  before(async () => {
    toy = await makeToy();
    toy.write(program(false));
    await toy.succeed("up", "--yes", "--skip-preview");
  });
  after(() => toy.remove());

  it("find nothing to do in an unchanged program, their own names included, and leave the engine nothing to warn of", async () => {
    const { stdout, stderr } = await toy.succeed("preview", "--expect-no-changes");
    assert.match(stdout, /Resources:\n\s+16 unchanged/);
    assert.doesNotMatch(stdout + stderr, /warning/i);
  });

  describe("plan for a change of", () => {
    before(async () => {
      toy.write(program(true));
      plan = await toy.plan();
    });

    for (const [resource, change, op] of expected) {
      it(`${change}: ${op}`, () => {
        assert.equal(plan.ops[resource] ?? "same", op);
      });
    }

    it("an autonamed object: the new one first; one with a fixed name: the old one goes first", () => {
      assert.deepEqual(plan.steps["selected"], replaced.creatingFirst);
      assert.deepEqual(plan.steps["settings"], replaced.creatingFirst);
      assert.deepEqual(plan.steps["claims"], replaced.deletingFirst);
    });

    it("what holds data: the review stops, and at nothing else", () => {
      const stops = summarise(plan.events, { stack: "test", failed: false, offline: undefined, now: 0 }).match(
        /STOP .*/g,
      );
      const expected = ["PersistentVolumeClaim moved", "RandomPassword kept", "RandomPassword longer"];
      assert.deepEqual(
        stops?.sort(),
        expected.map((what) => `STOP       replace of ${what}, which holds data`),
      );
    });
  });

  describe("carry the change out, and", () => {
    const names = () =>
      [...toy.state().matchAll(/"name":"((?:scaled|settings)-[0-9a-f]{8})"/g)].map(([, name]) => name);

    it("leave the name of what was updated, and give another to what was replaced", async () => {
      const before = new Set(names());
      await toy.succeed("up", "--yes", "--skip-preview");
      const kept = new Set(names().filter((name) => before.has(name)));
      assert.deepEqual(
        [...kept].map((name) => name?.split("-")[0]),
        ["scaled"],
      );
    });

    it("find nothing more to do, refresh, and take everything down again", async () => {
      await toy.succeed("refresh", "--yes", "--skip-preview", "--expect-no-changes");
      await toy.succeed("preview", "--expect-no-changes");
      await toy.succeed("destroy", "--yes", "--skip-preview");
      const left = JSON.parse(toy.state()) as { checkpoint: { latest: { resources?: unknown[] } } };
      assert.equal(left.checkpoint.latest.resources?.length ?? 0, 0);
    });
  });
});
