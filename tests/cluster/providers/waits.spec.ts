import assert from "node:assert/strict";
import { pause } from "../support/pods.ts";
import { bedTimeout, makeBed, type Bed } from "./programs.ts";

interface Outcome {
  readonly code: number;
  readonly text: string;
}

describe("the Kubernetes provider on a real cluster: waits", function () {
  this.timeout(bedTimeout);
  let bed: Bed;
  let namespace: string;

  /**
   * Logical names; each sentence below speaks of one. All fail in one update, as each takes its whole time. What goes down again and
   * again is asked by a probe, since on a busy node it would be ready for a moment.
   */
  const failing = `
const { v1: apps } = k8s.apps, { v1: core } = k8s.core;
new apps.Deployment("no-image", { metadata: { namespace, name: "no-image" }, spec: workload("no-image", ["true"], { image: "localhost/nowhere:1" }) }, within(20));
new apps.Deployment("crashing", { metadata: { namespace, name: "crashing" }, spec: workload("crashing", ["false"], { container: { readinessProbe: { exec: { command: ["false"] } } } }) }, within(20));
new apps.Deployment("too-big", { metadata: { namespace, name: "too-big" }, spec: workload("too-big", ["true"], { container: { resources: { requests: { cpu: "900" } } } }) }, within(12));
new core.PersistentVolumeClaim("no-volume", { metadata: { namespace, name: "no-volume" }, spec: { accessModes: ["ReadWriteOnce"], storageClassName: "absent", resources: { requests: { storage: "1Gi" } } } }, within(5));
new apps.StatefulSet("no-claim", { metadata: { namespace, name: "no-claim" }, spec: { serviceName: "x", ...workload("no-claim", ["sleep", "1000"], { spec: { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "no-volume" } }] } }) } }, within(12));
new core.Service("unserved", { metadata: { namespace, name: "unserved" }, spec: { selector: { app: "nobody" }, ports: [{ port: 80 }] } }, within(5));
new core.Service("balanced", { metadata: { namespace, name: "balanced" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } }, within(5));
new k8s.networking.v1.Ingress("entry", { metadata: { namespace, name: "entry" }, spec: { rules: [{ host: "a.example", http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "absent", port: { number: 80 } } } }] } }] } }, within(5));
new core.Pod("asked", { metadata: { namespace, name: "asked", annotations: { "pulumi.com/waitFor": "jsonpath={.metadata.labels.step}=two" } }, spec: pod("asked", ["sleep", "1000"]).spec }, within(5));
new k8s.batch.v1.Job("failed", { metadata: { namespace, name: "failed" }, spec: { backoffLimit: 0, template: pod("failed", ["false"], { spec: { restartPolicy: "Never" } }) } }, o);
`;

  const expected: readonly [what: string, words: RegExp][] = [
    [
      "an image that does not exist",
      /Deployment no-image was not ready within 20 s[^]*(ErrImagePull|ImagePullBackOff): container it of localhost\/nowhere:1/,
    ],
    [
      "a container that goes down again and again",
      /Deployment crashing was not ready within 20 s[^]*pod crashing-[^]*(CrashLoopBackOff|Failed): container it[^]*exit code 1, \d restarts/,
    ],
    [
      "a pod that no node has room for",
      /Deployment too-big was not ready within 12 s[^]*Unschedulable: 0\/1 nodes are available: 1 Insufficient cpu/,
    ],
    [
      "a claim without a storage class",
      /PersistentVolumeClaim no-volume was not ready within 5 s, waiting for: Pending: there is no storage class absent/,
    ],
    ["a pod whose claim cannot bind", /pod no-claim-0 is Pending and not ready[^]*its claim no-volume is Pending/],
    [
      "a Service that chooses no pod",
      /Service unserved was not ready within 5 s, waiting for: no ready pod that its selector chooses/,
    ],
    [
      "a Service that no load balancer serves",
      /Service balanced was not ready within 5 s, waiting for: no address from a load balancer/,
    ],
    [
      "an Ingress that no controller serves",
      /Ingress entry was not ready within 5 s, waiting for: no address from an Ingress controller[^]*there is no Service absent/,
    ],
    [
      "what the program itself asked to wait for",
      /Pod asked was not ready within 5 s, waiting for: \{\.metadata\.labels\.step\} to be two; it is not there/,
    ],
    ["a Job that fails, at once", /Job failed will not get ready: it failed: BackoffLimitExceeded/],
  ];

  let outcome: Outcome;

  before(async () => {
    bed = await makeBed();
    bed.write(failing);
    outcome = await bed.up();
    ({ namespace = "" } = await bed.outputs());
  });
  after(() => bed.remove());

  describe("that fail name", () => {
    for (const [what, words] of expected) {
      it(what, () => {
        assert.notEqual(outcome.code, 0);
        assert.match(outcome.text, words);
      });
    }

    it("in the state what is wrong with each: it is in the cluster", () => {
      const { checkpoint } = JSON.parse(bed.toy.state()) as {
        checkpoint: { latest: { resources: { urn: string; initErrors?: string[] }[] } };
      };
      const unready = checkpoint.latest.resources.filter(({ initErrors }) => initErrors !== undefined);
      assert.equal(unready.length, expected.length);
    });
  });

  describe("that come afterwards", () => {
    it("go on at the next update, and end when the status comes", async () => {
      const waiting = bed.up();
      await pause(3);
      const ingress = [{ ip: "192.0.2.1" }];
      const body = [{ op: "add", path: "/status", value: { loadBalancer: { ingress } } }];
      await bed.api.core.patchNamespacedServiceStatus({ name: "balanced", namespace, body });
      await bed.api.network.patchNamespacedIngressStatus({ name: "entry", namespace, body });
      const labels = [{ op: "add", path: "/metadata/labels", value: { step: "two" } }];
      await bed.api.core.patchNamespacedPod({ name: "asked", namespace, body: labels });
      const { text } = await waiting;
      for (const name of ["balanced", "entry", "asked"]) {
        assert.match(text, new RegExp(`(Service|Ingress|Pod) ${name} updated`), name);
      }
      assert.match(text, /Service unserved was not ready within 5 s/);
    });

    it("are left out where the program says so, and by claims that bind with their first pod", async () => {
      bed.write(`
const annotations = { "pulumi.com/skipAwait": "true" };
new k8s.core.v1.Service("unserved", { metadata: { namespace, name: "skipped", annotations }, spec: { selector: { app: "nobody" }, ports: [{ port: 80 }] } }, within(5));
new k8s.core.v1.Service("headless", { metadata: { namespace, name: "headless" }, spec: { clusterIP: "None", selector: { app: "nobody" }, ports: [{ port: 80 }] } }, within(5));
new k8s.core.v1.PersistentVolumeClaim("later", { metadata: { namespace, name: "later" }, spec: { accessModes: ["ReadWriteOnce"], storageClassName: "local-path", resources: { requests: { storage: "1Mi" } } } }, within(5));
`);
      const { code, text } = await bed.up();
      assert.equal(code, 0, text);
    });

    it("of a custom kind are for what waitFor says, once its definition is established in the same update", async () => {
      bed.write(`
const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
const kind = new k8s.apiextensions.v1.CustomResourceDefinition("kind", { metadata: { name: "things.tests.frappe" }, spec: {
  group: "tests.frappe", scope: "Namespaced", names: { plural: "things", singular: "thing", kind: "Thing" },
  versions: [{ name: "v1", served: true, storage: true, schema, subresources: { status: {} } }] } }, o);
const thing = (name, annotations, options) => new k8s.apiextensions.CustomResource(name, { apiVersion: "tests.frappe/v1", kind: "Thing", metadata: { namespace, name, annotations }, spec: {} }, { ...options, dependsOn: [kind] });
thing("plain", {}, o);
thing("awaited", { "pulumi.com/waitFor": "condition=Ready" }, within(60));`);
      const stop = new AbortController();
      const writer = (async () => {
        const where = { group: "tests.frappe", version: "v1", namespace, plural: "things", name: "awaited" };
        const status = { conditions: [{ type: "Ready", status: "True", reason: "Written" }] };
        while (!stop.signal.aborted) {
          const body = [{ op: "add", path: "/status", value: status }];
          const written = await bed.api.custom.patchNamespacedCustomObjectStatus({ ...where, body }).then(
            () => true,
            () => false,
          );
          if (written) return;
          await pause(0.5);
        }
      })();
      const { code, text } = await bed.up();
      stop.abort();
      await writer;
      assert.equal(code, 0, text);
      assert.match(text, /waiting for Thing awaited: condition Ready to be True; it is not there/);
    });
  });
});
