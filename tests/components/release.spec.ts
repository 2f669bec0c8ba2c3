import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { labels } from "../../constants/labels.ts";
import { root } from "../../engine/root.ts";
import { reached } from "../../operate/step-log.ts";
import { at, labelsAt, valueAt } from "../judges/kubernetes-object.ts";
import { ofType, only, type Recorded } from "../support/record.ts";
import { kubernetesObject, recordStack, type StackRecording } from "../support/record-stack.ts";
import { stackNames, type Change } from "../support/stacks.ts";

const command = "command:local:Command";
const order = ["prepare", "backup", "migrate", "verify", "confirm"] as const;
const stepOf = ({ resources }: StackRecording, step: (typeof order)[number]) =>
  only(resources, command, `release-${step}`);

/** URNs of all that stands before a resource does: what it waits for, what that waits for, and so on. */
function waitsFor(resources: readonly Recorded[], { urn }: Recorded): ReadonlySet<string> {
  const byUrn = new Map(resources.map((one) => [one.urn, one]));
  const seen = new Set<string>();
  const ahead = [urn];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { dependsOn = [], parent } = byUrn.get(next)?.opts ?? {};
    for (const one of [...dependsOn, ...(parent === undefined ? [] : [parent])]) {
      if (!seen.has(one)) ahead.push(one);
      seen.add(one);
    }
  }
  return seen;
}

function assertWaits(resources: readonly Recorded[], later: Recorded, earlier: readonly Recorded[]) {
  const before = waitsFor(resources, later);
  for (const { urn, name } of earlier) assert.ok(before.has(urn), `${later.name} waits for ${name}`);
}

describe("components/release", () => {
  for (const stack of stackNames) {
    describe(stack, () => {
      let recording: StackRecording;
      before(async function () {
        this.timeout(60_000);
        recording = await recordStack(stack);
      });

      it("is prepared, backed up and migrated; its new set comes, is verified, gets the traffic and is confirmed: in this order", () => {
        const { resources, plan } = recording;
        const [prepare, backup, migrate, verify, confirm] = order.map((step) => stepOf(recording, step));
        assert.ok(prepare && backup && migrate && verify && confirm);
        assert.equal(ofType(resources, command).length, order.length);
        const { releaseServices, workloads: planned } = plan.bench;
        const inner = releaseServices.map(({ logicalName }) =>
          only(resources, "kubernetes:core/v1:Service", logicalName),
        );
        const set = planned.map(({ name }) => only(resources, "kubernetes:apps/v1:Deployment", name));
        const edge = only(resources, "kubernetes:core/v1:Service", "nginx-service");
        assert.ok(set.length >= 5);
        assertWaits(resources, backup, [prepare]);
        assertWaits(resources, migrate, [backup]);
        // Roles look addresses up once, at start.
        for (const one of set) assertWaits(resources, one, [migrate, ...inner]);
        assertWaits(resources, verify, set);
        assertWaits(resources, edge, [verify]);
        assertWaits(resources, confirm, [edge]);
        const early = waitsFor(resources, verify);
        for (const { urn, name } of [edge, confirm]) assert.ok(!early.has(urn), name);
      });

      it("never has an address waited for before what answers at it is begun: the engine does a few things at a time", () => {
        const { resources } = recording;
        const sets = ["Deployment", "StatefulSet", "DaemonSet"].flatMap((kind) =>
          ofType(resources, `kubernetes:apps/v1:${kind}`),
        );
        const waited = ofType(resources, "kubernetes:core/v1:Service").filter(
          (service) => valueAt(at(kubernetesObject(service), "metadata"), "annotations") === undefined,
        );
        assert.ok(waited.length > 0);
        for (const service of waited) {
          const selector = Object.entries(labelsAt(kubernetesObject(service), "spec", "selector"));
          const behind = sets.filter((set) => {
            const has = labelsAt(kubernetesObject(set), "spec", "template", "metadata", "labels");
            return selector.every(([key, value]) => has[key] === value);
          });
          assert.ok(behind.length > 0, service.name);
          assertWaits(resources, service, behind);
        }
      });

      it("is begun when all stands that its steps work with", () => {
        const { resources, plan } = recording;
        const rooms = ["steps", "repository", "database", "redis", "network"];
        const ground = resources.filter(({ opts }) => rooms.some((room) => opts.parent?.endsWith(`::${room}`)));
        const secrets = ["database-admin", "ledger", "sites", "backup", "redis"].map((name) =>
          only(resources, "kubernetes:core/v1:Secret", name),
        );
        const sites = only(resources, "PersistentVolumeClaim", plan.bench.sitesVolume.logicalName);
        assert.ok(ground.length > 10);
        assertWaits(resources, stepOf(recording, "prepare"), [...ground, ...secrets, sites]);
      });

      it("is told to each step by a command of ours, with nothing that is secret", () => {
        for (const step of order) {
          assert.deepEqual(stepOf(recording, step).inputs, {
            create: `node engine/start.mjs operate/step-cli.ts ${step}`,
            stdin: JSON.stringify(recording.plan.stepFacts),
            triggers: [recording.plan.release.id],
            logging: "none",
            addPreviousOutputInEnv: false,
          });
        }
      });

      it("has its Jobs made from a template that never runs by itself, and they and their pods say their release", () => {
        const { resources, plan } = recording;
        const template = kubernetesObject(only(resources, "kubernetes:batch/v1:CronJob", plan.stepFacts.template));
        const spec = at(template, "spec");
        assert.deepEqual([spec["suspend"], spec["concurrencyPolicy"]], [true, "Forbid"]);
        const job = at(spec, "jobTemplate");
        assert.equal(labelsAt(job, "metadata", "labels")[labels.release], plan.release.id);
        assert.equal(valueAt(job, "spec", "backoffLimit"), 0);
        const pod = at(job, "spec", "template");
        assert.equal(labelsAt(pod, "metadata", "labels")[labels.release], plan.release.id);
        assert.equal(valueAt(pod, "spec", "restartPolicy"), "Never");
        assert.equal(valueAt(pod, "spec", "serviceAccountName"), "release");
      });
    });
  }

  it("knows the steps that operate/ knows, and the program that submits them", () => {
    for (const file of ["engine/start.mjs", "operate/step-cli.ts"]) assert.ok(existsSync(path.join(root, file)));
    assert.deepEqual(Object.keys(reached), order);
  });

  it("runs a step again for another release alone, whatever else about the command or the stack changes", async function () {
    this.timeout(60_000);
    const triggers = async (change?: Change) => {
      const recording = await recordStack("staging", change);
      return order.map((step) => stepOf(recording, step).inputs["triggers"]);
    };
    const before = await triggers();
    assert.deepEqual(await triggers((values) => (values["platform"].context = "another")), before);
    assert.deepEqual(await triggers((values) => (values["bench"].web.replicas = 3)), before);
    assert.notDeepEqual(await triggers((values) => (values["release"] = { attempt: 2 })), before);
    const recording = await recordStack("staging");
    for (const step of order) {
      const { ignoreChanges, additionalSecretOutputs, deleteBeforeReplace, protect } = stepOf(recording, step).opts;
      assert.deepEqual([...ignoreChanges].sort(), ["create", "dir", "environment", "interpreter", "logging", "stdin"]);
      // Whoever reads the state sees no line of a failed step.
      assert.deepEqual(additionalSecretOutputs, ["stderr"]);
      assert.deepEqual([deleteBeforeReplace, protect], [undefined, undefined]);
    }
  });

  it("waits longer for a step than its Job may take, so that the Job says why it failed", async () => {
    const recording = await recordStack("staging", (values) => (values["release"] = { timeouts: { step: 7200 } }));
    const template = kubernetesObject(only(recording.resources, "kubernetes:batch/v1:CronJob", "release"));
    const limit = Number(valueAt(at(template, "spec", "jobTemplate", "spec"), "activeDeadlineSeconds"));
    assert.ok(limit > 7200);
    for (const step of order) {
      const [, seconds] = /^(\d+)s$/.exec(stepOf(recording, step).opts.createTimeout ?? "") ?? [];
      assert.ok(Number(seconds) > limit, step);
    }
  });

  it("mounts the script of a check where its configuration names it", async () => {
    const rights = { kind: "script", site: "erp.example.com", text: "import frappe\n" };
    const { objects, resources } = await recordStack("prod", (values) => (values["release"] = { checks: { rights } }));
    const scripts = objects.filter(({ kind, data }) => kind === "ConfigMap" && Object.hasOwn(data ?? {}, "rights.py"));
    assert.equal(scripts.length, 1);
    assert.deepEqual(scripts[0]?.["data"], { "rights.py": rights.text });
    const template = kubernetesObject(only(resources, "kubernetes:batch/v1:CronJob", "release"));
    const pod = at(template, "spec", "jobTemplate", "spec", "template", "spec") as {
      containers: { volumeMounts: { mountPath: string; name: string; subPath?: string }[] }[];
      volumes: { name: string; configMap?: { name: string } }[];
    };
    const mount = pod.containers[0]?.volumeMounts.find(({ mountPath }) => mountPath.endsWith("/checks/rights.py"));
    assert.equal(mount?.mountPath, "/etc/frappe-release/checks/rights.py");
    const volume = pod.volumes.find(({ name }) => name === mount?.name);
    assert.equal(volume?.configMap?.name, scripts[0]?.metadata.name);
  });
});
