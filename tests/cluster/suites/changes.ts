/** One value of the stack file changed: exactly these operations, and only these pods start anew. */
import assert from "node:assert/strict";
import type { Platform } from "../support/platform.ts";
import { componentOf, isReady, podsOf, until } from "../support/pods.ts";
import type { Values } from "../support/stack.ts";

interface Case {
  readonly what: string;
  readonly change: (values: Values) => void;
  /** As the engine reports them, without hashes. */
  readonly operations: readonly string[];
  /** Components whose pods are others afterwards. */
  readonly rolls: readonly string[];
}

const deployment = (name: string) => `update kubernetes:apps/v1:Deployment::${name}`;
const replaced = (kind: string, name: string) =>
  ["create-replacement", "delete-replaced", "replace"].map((op) => `${op} kubernetes:core/v1:${kind}::${name}`);

/** Applied one upon the other; the last `up` takes all of them back. */
const cases: readonly Case[] = [
  {
    what: "memory of the short queue's workers",
    change: (values) => (values["bench"].workers.short.resources.memory = "272Mi"),
    operations: [deployment("worker-short")],
    rolls: ["worker"],
  },
  {
    what: "a route of a service",
    change: (values) => (values["services"].portal.routes[0].path = "/api/shop"),
    operations: [...replaced("ConfigMap", "nginx"), deployment("nginx")],
    rolls: ["nginx"],
  },
  {
    what: "a variable of a service",
    change: (values) => (values["services"].portal.env.GREETING = "hello"),
    operations: [deployment("service-portal")],
    rolls: ["service-portal"],
  },
  {
    what: "memory of the cache",
    change: (values) => (values["redis"].cache.resources.memory = "144Mi"),
    operations: [...replaced("ConfigMap", "redis-cache"), "update kubernetes:apps/v1:StatefulSet::redis-cache"],
    rolls: ["redis-cache"],
  },
  {
    what: "days that Prometheus keeps series",
    change: (values) => (values["monitoring"] = { mode: "embedded", prometheus: { retentionDays: 3 } }),
    operations: ["update kubernetes:apps/v1:StatefulSet::prometheus"],
    rolls: ["prometheus"],
  },
  {
    what: "an address that web and workers may reach",
    change: (values) => (values["network"].egress.mail.ports = [465]),
    operations: ["web", "worker"].map((one) => `update kubernetes:networking.k8s.io/v1:NetworkPolicy::allow-${one}`),
    rolls: [],
  },
];

async function identities({ api, namespace }: Platform): Promise<ReadonlyMap<string, string>> {
  const pods = await until("all pods ready", 120, async () => {
    const all = (await podsOf(api, namespace)).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    return all.every(isReady) && all;
  });
  const byComponent = new Map<string, string[]>();
  for (const pod of pods) {
    const uids = byComponent.get(componentOf(pod)) ?? [];
    byComponent.set(componentOf(pod), [...uids, pod.metadata?.uid ?? ""]);
  }
  return new Map([...byComponent].map(([component, uids]) => [component, uids.sort().join()]));
}

export function describeChanges(given: () => Platform): void {
  describe("rolls only what a change concerns", () => {
    let undo: () => void;
    before(() => {
      undo = given().stack.change(() => {});
    });

    for (const { what, change, operations, rolls } of cases) {
      it(`${what}: ${rolls.join(", ") || "no pod"}`, async function () {
        this.timeout(300_000);
        const platform = given();
        const before = await identities(platform);
        platform.stack.change(change);
        const outcome = await platform.stack.up();
        assert.equal(outcome.code, 0, outcome.text);
        assert.deepEqual(outcome.changes, [...operations].sort());
        const after = await identities(platform);
        const rolled = [...after].filter(([component, uids]) => before.get(component) !== uids);
        assert.deepEqual(rolled.map(([component]) => component).sort(), [...rolls].sort());
      });
    }

    it("and goes back in one step", async function () {
      this.timeout(300_000);
      undo();
      const outcome = await given().stack.up();
      assert.equal(outcome.code, 0, outcome.text);
      assert.deepEqual((await given().stack.up()).changes, []);
    });
  });
}
