import assert from "node:assert/strict";
import {
  crossReferences,
  hardeningViolations,
  judgeObject,
  prepareSchemas,
  restrictedViolations,
} from "../judges/index.ts";
import { describeObject, podTemplateOf, type KubernetesObject } from "../judges/kubernetes-object.ts";
import { recordStack, type StackRecording } from "../support/record-stack.ts";
import { replaceSites, stackNames } from "../support/stacks.ts";
import { issuers, operatorPods } from "./cluster.ts";

describe("validity: every rendered object", () => {
  before(function () {
    this.timeout(11 * 60_000);
    prepareSchemas();
  });

  for (const stack of stackNames) {
    describe(stack, () => {
      let recording: StackRecording;
      let objects: readonly KubernetesObject[];
      before(async () => {
        recording = await recordStack(stack);
        ({ objects } = recording);
      });

      it("is one that Kubernetes and the operators take: no unknown field, no wrong type, no broken rule", () => {
        assert.ok(objects.length > 20);
        assert.deepEqual(objects.flatMap(judgeObject), []);
      });

      it("may run where Pod Security enforces restricted, and is hardened beyond", () => {
        const templates = objects.flatMap((object) => {
          const pods = podTemplateOf(object);
          return pods === undefined ? [] : [{ name: describeObject(object), template: pods.template }];
        });
        assert.ok(templates.length >= 5);
        const violations = templates.flatMap(({ name, template }) =>
          [...restrictedViolations(template), ...hardeningViolations(template)].map((one) => `${name}: ${one}`),
        );
        assert.deepEqual(violations, []);
      });

      it("finds all that it refers to: secrets with their keys, files, volumes, services with their ports, listeners", () => {
        const all = [...objects, ...operatorPods(recording), ...issuers(recording)];
        assert.deepEqual(crossReferences({ objects: all }), []);
      });

      it("has a name of its own", () => {
        const ids = objects.map((object) => `${object.apiVersion} ${describeObject(object)}`);
        assert.equal(new Set(ids).size, ids.length);
      });
    });
  }

  it("is valid too with a private registry, Galera, three socketio replicas, and Ingress in front of many hosts", async () => {
    const { objects } = await recordStack(
      "prod",
      (values) => {
        values["database"].topology = "galera";
        values["bench"].socketio.replicas = 3;
        values["edge"].kind = "ingress";
        replaceSites(
          values,
          Array.from({ length: 50 }, (_, i) => ({ name: `site-${i}.example.com`, apps: ["frappe"] })),
        );
      },
      ["imagePullConfig", "sentryDsn"],
    );
    assert.deepEqual(objects.flatMap(judgeObject), []);
  });

  it("is valid too with 63 listeners on one Gateway", async () => {
    const { objects, plan } = await recordStack("staging", (values) => {
      replaceSites(
        values,
        Array.from({ length: 63 }, (_, i) => ({ name: `s${i}.example.com`, apps: ["frappe"] })),
      );
      values["edge"].tls.hostsPerCertificate = 3;
    });
    assert.ok(plan.edge.kind === "gateway" && plan.edge.listeners.length === 63);
    assert.deepEqual(objects.flatMap(judgeObject), []);
    assert.deepEqual(crossReferences({ objects }), []);
  });

  it("stays below what the API server stores, with 2,000 sites", async () => {
    const { objects } = await recordStack("staging", (values) => {
      replaceSites(
        values,
        Array.from({ length: 2000 }, (_, i) => ({
          name: `customer-${i}.erp.example.com`,
          apps: ["frappe", "erpnext"],
        })),
      );
      values["edge"].tls.wildcards = ["*.erp.example.com"];
    });
    assert.deepEqual(objects.flatMap(judgeObject), []);
    for (const object of objects) assert.ok(JSON.stringify(object).length < 1_500_000, describeObject(object));
  });
});
