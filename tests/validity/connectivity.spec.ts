import assert from "node:assert/strict";
import { policiesOf } from "../judges/index.ts";
import { valueAt, type KubernetesObject } from "../judges/kubernetes-object.ts";
import { labels } from "../../constants/labels.ts";
import { recordStack, type StackRecording } from "../support/record-stack.ts";
import { stackNames } from "../support/stacks.ts";
import { spoiledPolicies } from "./spoil.ts";
import { disagreements, granted, partiesOf, type Party } from "./table.ts";

/** Pods of the one component that a policy is for; those of none, for the policy that refuses the rest. */
const selectedBy = (policy: KubernetesObject) => {
  const component = valueAt(policy, "spec", "podSelector", "matchLabels", labels.component);
  return (party: Party) => party.component === component;
};

const any = (found: Generator<string>) => found.next().done !== true;

describe("validity: network policies", function () {
  this.timeout(10 * 60_000);

  for (const stack of stackNames) {
    describe(stack, () => {
      let recording: StackRecording;
      let policies: readonly KubernetesObject[];
      before(async () => {
        recording = await recordStack(stack);
        policies = policiesOf(recording.objects);
      });

      it("let through what the table grants, and refuse everything else, from anybody to anybody on any port", () => {
        assert.deepEqual([...disagreements(recording, policies)], []);
        const parties = partiesOf(recording);
        assert.ok(parties.length > 15, "the table is asked about everybody");
        const some = parties.some((from) => parties.some((to) => granted(recording, from, to, { port: 8000 })));
        assert.ok(some, "and grants something");
      });

      it("let every pod of the stack resolve names, and none reach the cloud's metadata service", () => {
        const parties = partiesOf(recording);
        const own = parties.filter(({ component }) => component !== undefined);
        const [dns] = parties.filter(({ name }) => name === "DNS");
        const [metadata] = parties.filter(({ name }) => name === "169.254.169.254");
        assert.ok(own.length >= 5 && dns && metadata);
        for (const party of own) {
          for (const protocol of ["TCP", "UDP"]) assert.ok(granted(recording, party, dns, { port: 53, protocol }));
          for (const port of [80, 443, 53]) assert.ok(!granted(recording, party, metadata, { port }), party.name);
        }
      });

      it("disagree with the table as soon as any one of them is missing", () => {
        for (const gone of policies) {
          const rest = policies.filter((policy) => policy !== gone);
          assert.ok(any(disagreements(recording, rest, undefined, selectedBy(gone))), gone.metadata.name);
        }
      });

      it("disagree with the table as soon as any rule is removed or widened, in whichever way", () => {
        const spoiled = policies.flatMap((policy) =>
          spoiledPolicies(policy).map((one) => ({ ...one, policy, bad: one.policy })),
        );
        assert.ok(spoiled.length > 100, `${spoiled.length} ways`);
        const unnoticed = spoiled.filter(({ side, policy, bad }) => {
          const changed = policies.map((one) => (one === policy ? bad : one));
          return !any(disagreements(recording, changed, [side], selectedBy(policy)));
        });
        assert.deepEqual(
          unnoticed.map(({ what }) => what),
          [],
        );
      });
    });
  }
});
