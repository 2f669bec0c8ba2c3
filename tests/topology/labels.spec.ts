import assert from "node:assert/strict";
import fc from "fast-check";
import { labels } from "../../constants/labels.ts";
import { podLabels, selectorOf, stackLabels } from "../../topology/labels.ts";

const labelValue = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const identity = { stack: "prod", environment: "prod" };
const workload = { name: "web", component: "web", version: "v16.33.0", mountsSites: true };

describe("topology/labels", () => {
  it("are values that Kubernetes takes, whatever name a stack has", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/).filter((text) => /[A-Za-z0-9]/.test(text));
    fc.assert(
      fc.property(name, (stack) => {
        const all = podLabels({ ...identity, stack }, workload, "0123456789");
        for (const [key, value] of Object.entries(all)) assert.match(value, labelValue, key);
      }),
    );
  });

  it("keep a short tag and a usual stack's name as they are", () => {
    const all = podLabels(identity, workload);
    assert.deepEqual([all[labels.version], all[labels.instance]], ["v16.33.0", "prod"]);
  });

  it("hold every selector that is meant to find the pod, and no version in any", () => {
    const all = podLabels(identity, workload, "0123456789");
    const selectors = [selectorOf("web"), selectorOf("web", "0123456789"), selectorOf("web", "0123456789", "web")];
    for (const selector of selectors) {
      for (const [key, value] of Object.entries(selector)) assert.equal(all[key], value);
      assert.ok(!(labels.version in selector));
    }
  });

  it("say of every object which stack and which environment it belongs to", () => {
    assert.deepEqual(stackLabels({ stack: "blue", environment: "staging" }), {
      [labels.partOf]: "frappe-platform",
      [labels.managedBy]: "pulumi",
      [labels.instance]: "blue",
      [labels.environment]: "staging",
    });
  });
});
