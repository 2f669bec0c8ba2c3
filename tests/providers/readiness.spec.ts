import assert from "node:assert/strict";
import type { Properties } from "../../engine/offline/value.ts";
import type { Look } from "./kubernetes/look.ts";
import { ruleOf } from "./kubernetes/wait.ts";

/** A cluster that has only these pods, classes and endpoints. */
const look = (lists: Readonly<Record<string, readonly Properties[]>> = {}): Look => ({
  list: async ({ kind }) => lists[kind] ?? [],
  find: async ({ kind }, name) =>
    (lists[kind] ?? []).find(({ metadata }) => (metadata as Properties | undefined)?.["name"] === name),
  warning: async () => undefined,
});

const waiting = async (type: string, live: Properties, cluster = look()) =>
  (await ruleOf(type, live)?.check(live, cluster))?.seen ?? "ready";

const of = (spec: Properties, status: Properties, metadata: Properties = {}): Properties => ({
  metadata: { name: "it", namespace: "ns", generation: 2, ...metadata },
  spec,
  status: { observedGeneration: 2, ...status },
});

const deployment = "kubernetes:apps/v1:Deployment";
const all = (count: number) => ({ replicas: count, updatedReplicas: count, availableReplicas: count });
const container = (state: Properties): Properties => ({
  metadata: { name: "pod" },
  status: { phase: "Pending", containerStatuses: [{ name: "web", image: "i:1", state }] },
});

const rows: readonly [what: string, type: string, live: Properties, seen: string, cluster?: Look][] = [
  ["a Deployment whose replicas are all new and available", deployment, of({ replicas: 2 }, all(2)), "ready"],
  [
    "a Deployment whose controller speaks of an older one",
    deployment,
    of({ replicas: 2 }, { ...all(2), observedGeneration: 1 }),
    "its controller has not seen it yet",
  ],
  [
    "a Deployment whose old replicas serve while a new one cannot pull its image",
    deployment,
    of({ replicas: 2 }, { replicas: 3, updatedReplicas: 1, availableReplicas: 2 }),
    "1 of 2 updated, 2 of the old ones left: ErrImagePull: container web of i:1: not found",
    look({ Pod: [container({ waiting: { reason: "ErrImagePull", message: "not found" } })] }),
  ],
  [
    "a Deployment whose pod is only starting",
    deployment,
    of({}, { replicas: 1, updatedReplicas: 1 }),
    "0 of 1 ready",
    look({ Pod: [container({ waiting: { reason: "ContainerCreating" } })] }),
  ],
  ["a Deployment of no replica", deployment, of({ replicas: 0 }, {}), "ready"],
  [
    "a StatefulSet that is ready with its old template",
    "kubernetes:apps/v1:StatefulSet",
    of({}, { replicas: 1, readyReplicas: 1, currentRevision: "a", updateRevision: "b" }),
    "0 of 1 updated",
  ],
  [
    "a StatefulSet that is updated by hand",
    "kubernetes:apps/v1:StatefulSet",
    of(
      { updateStrategy: { type: "OnDelete" } },
      { replicas: 1, readyReplicas: 1, currentRevision: "a", updateRevision: "b" },
    ),
    "ready",
  ],
  [
    "a DaemonSet with one pod of two available",
    "kubernetes:apps/v1:DaemonSet",
    of({}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
    "1 of 2 ready",
  ],
  [
    "a Job that failed",
    "kubernetes:batch/v1:Job",
    of({}, { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "often" }] }),
    "it failed: BackoffLimitExceeded: often",
  ],
  [
    "a Service with an endpoint that is not ready",
    "kubernetes:core/v1:Service",
    of({ selector: { a: "1" } }, {}),
    "no ready pod that its selector chooses",
    look({ EndpointSlice: [{ endpoints: [{ conditions: { ready: false } }] }] }),
  ],
  ["a headless Service", "kubernetes:core/v1:Service", of({ selector: { a: "1" }, clusterIP: "None" }, {}), "ready"],
  ["a Service without a selector", "kubernetes:core/v1:Service", of({}, {}), "ready"],
  [
    "a claim whose class binds with the first pod",
    "kubernetes:core/v1:PersistentVolumeClaim",
    of({ storageClassName: "late" }, { phase: "Pending" }),
    "ready",
    look({ StorageClass: [{ metadata: { name: "late" }, volumeBindingMode: "WaitForFirstConsumer" }] }),
  ],
  [
    "a claim whose class binds at once",
    "kubernetes:core/v1:PersistentVolumeClaim",
    of({ storageClassName: "now" }, { phase: "Pending" }),
    "Pending: no volume is bound to it",
    look({ StorageClass: [{ metadata: { name: "now" }, volumeBindingMode: "Immediate" }] }),
  ],
];

const asked = (waitFor: string, status: Properties) =>
  waiting("kubernetes:any/v1:Thing", of({}, status, { annotations: { "pulumi.com/waitFor": waitFor } }));

describe("readiness of Kubernetes objects", () => {
  for (const [what, type, live, seen, cluster] of rows) {
    it(`of ${what}: ${seen}`, async () => {
      assert.equal(await waiting(type, live, cluster), seen);
    });
  }

  it("is not asked of kinds that nobody waits for", async () => {
    assert.equal(ruleOf("kubernetes:core/v1:ConfigMap", of({}, {})), undefined);
    assert.equal(ruleOf("kubernetes:cert-manager.io/v1:Certificate", of({}, {})), undefined);
  });

  it("is what waitFor says: a path that is there, a value, a condition, or all of a list", async () => {
    assert.equal(await asked("jsonpath={.status.phase}", { phase: "x" }), "ready");
    assert.equal(await asked("jsonpath={.status.list[1]['a.b']}=3", { list: [0, { "a.b": 3 }] }), "ready");
    assert.equal(
      await asked("jsonpath={.status.phase}=Ready", { phase: "New" }),
      "{.status.phase} to be Ready; it is New",
    );
    const conditions = [{ type: "Ready", status: "False", reason: "Slow", message: "later" }];
    assert.equal(
      await asked("condition=Ready", { conditions }),
      "condition Ready to be True; it is False: Slow: later",
    );
    assert.equal(await asked("condition=Ready=False", { conditions }), "ready");
    const both = `["condition=Ready=False", "jsonpath={.status.phase}"]`;
    assert.equal(await asked(both, { conditions }), "{.status.phase}; it is not there");
  });

  it("is refused where waitFor cannot be followed, not taken for met", () => {
    const rule = (waitFor: string) =>
      ruleOf("kubernetes:any/v1:Thing", of({}, {}, { annotations: { "pulumi.com/waitFor": waitFor } }));
    assert.throws(() => rule("jsonpath={.status.conditions[?(@.type)]}"), /is more than this provider follows/);
    assert.throws(() => rule("Ready"), /is neither condition=… nor jsonpath=…/);
  });
});
