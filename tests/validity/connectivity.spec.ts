import assert from "node:assert/strict";
import { policiesOf } from "../judges/index.ts";
import { listAt, valueAt, type Json, type KubernetesObject } from "../judges/kubernetes-object.ts";
import { recordStack, type StackRecording } from "../support/record-stack.ts";
import { stackNames } from "../support/stacks.ts";
import { disagreements, granted, partiesOf } from "./table.ts";

/** Each way to spoil one rule; true when it could be done. */
const spoilers: Record<string, (rule: Json, side: "from" | "to") => boolean> = {
  "open to every port": (rule) => delete rule["ports"],
  "open to everybody": (rule, side) => delete rule[side],
  "one port further": (rule) => {
    for (const entry of listAt(rule, "ports")) entry["port"] = Number(entry["port"]) + 1;
    return true;
  },
  "a range of ports": (rule) => {
    for (const entry of listAt(rule, "ports")) entry["endPort"] = 65_535;
    return true;
  },
  "every protocol": (rule) => {
    const ports = listAt(rule, "ports");
    if (ports.some(({ protocol }) => protocol === "UDP")) return false;
    rule["ports"] = [...ports, ...ports.map((entry) => ({ ...entry, protocol: "UDP" }))];
    return true;
  },
  "a wider range of addresses": (rule, side) => {
    const blocks = listAt(rule, side).filter(({ ipBlock }) => ipBlock !== undefined);
    for (const { ipBlock } of blocks) {
      const cidr = String(valueAt(ipBlock, "cidr"));
      (ipBlock as Json)["cidr"] = cidr.replace(/\d+$/, (bits) => String(Number(bits) - 2));
    }
    return blocks.length > 0;
  },
  "every namespace": (rule, side) => {
    const pods = listAt(rule, side).filter(({ podSelector }) => podSelector !== undefined);
    for (const peer of pods) peer["namespaceSelector"] = {};
    return pods.length > 0;
  },
};

const ways = [
  ["ingress", "from"],
  ["egress", "to"],
] as const;

describe("validity: network policies", function () {
  this.timeout(120_000);

  for (const stack of stackNames) {
    describe(stack, () => {
      let recording: StackRecording;
      let policies: readonly KubernetesObject[];
      before(async () => {
        recording = await recordStack(stack);
        policies = policiesOf(recording.objects);
      });

      it("let through what the table grants, and refuse everything else, from anybody to anybody on any port", () => {
        assert.deepEqual(disagreements(recording, policies), []);
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
        assert.ok(own.length >= 6 && dns && metadata);
        for (const party of own) {
          for (const protocol of ["TCP", "UDP"]) assert.ok(granted(recording, party, dns, { port: 53, protocol }));
          for (const port of [80, 443, 53]) assert.ok(!granted(recording, party, metadata, { port }), party.name);
        }
      });

      it("disagree with the table as soon as any one of them is missing", () => {
        for (const gone of policies) {
          const rest = policies.filter((policy) => policy !== gone);
          assert.notDeepEqual(disagreements(recording, rest), [], gone.metadata.name);
        }
      });

      it("disagree with the table as soon as any rule is removed or widened, in whichever way", () => {
        const unnoticed: string[] = [];
        let tried = 0;
        for (const [at, policy] of policies.entries()) {
          for (const [way, side] of ways) {
            const rules = listAt(policy, "spec", way).map((rule) => JSON.stringify(rule));
            for (const text of new Set(rules)) {
              const change = (alter: (rules: Json[]) => Json[]) => {
                const copy = structuredClone(policy);
                const spec = copy["spec"] as Json;
                spec[way] = alter(listAt(copy, "spec", way));
                return policies.map((one, index) => (index === at ? copy : one));
              };
              const check = (how: string, changed: readonly KubernetesObject[]) => {
                tried += 1;
                const where = `${policy.metadata.name} ${way} ${text}`;
                if (disagreements(recording, changed).length === 0) unnoticed.push(`${where}: ${how}`);
              };
              check(
                "removed",
                change((all) => all.filter((rule) => JSON.stringify(rule) !== text)),
              );
              for (const [how, spoil] of Object.entries(spoilers)) {
                let done = false;
                const changed = change((all) => {
                  for (const rule of all) if (JSON.stringify(rule) === text) done = spoil(rule, side) || done;
                  return all;
                });
                if (done) check(how, changed);
              }
            }
          }
        }
        assert.deepEqual(unnoticed, []);
        assert.ok(tried > 50, `${tried} mutations`);
      });
    });
  }
});
