import assert from "node:assert/strict";
import { resourceLimits as rule } from "../../policies/resource-limits.ts";
import { assertSaid, judge, unknownObject, unknownText } from "./judged.ts";
import { type Loose, pods, withContainer, withSetup, workload } from "./samples.ts";

const resources = (change: (resources: Loose) => void) => withContainer((container) => change(container.resources));
const memory = (request: string, limit: string) =>
  resources((all) => {
    all.requests.memory = request;
    all.limits.memory = limit;
  });

const stated = [
  ["requests", "cpu"],
  ["requests", "memory"],
  ["limits", "memory"],
  ["limits", "ephemeral-storage"],
] as const;

describe("frappe-resource-limits", () => {
  it("takes a container that states all four, without a limit of CPU, in every kind that makes pods", () => {
    assert.deepEqual(
      pods().flatMap((given) => judge(rule, given)),
      [],
    );
  });

  for (const [kind, name] of stated) {
    it(`refuses a container without ${kind}.${name}, or with none of it, or with one that a preview does not know`, () => {
      const path = `resources\\.${kind}\\.${name}`;
      const at = (value: unknown) =>
        judge(
          rule,
          resources((all) => void (all[kind][name] = value)),
        );
      assertSaid(at(undefined), new RegExp(`^containers\\[0\\] web: ${path} is missing\\. Set frappe:bench`));
      assertSaid(at("0"), new RegExp(`${path} is "0"`));
      assertSaid(at("a lot"), new RegExp(`${path} is "a lot"`));
      assertSaid(at(unknownText), new RegExp(`${path} is not known in a preview`));
    });
  }

  it("names all four where there are no resources, or a preview does not know them", () => {
    const none = judge(
      rule,
      withContainer((container) => void (container.resources = undefined)),
    );
    assertSaid(none, /requests\.cpu is missing/, /requests\.memory/, /limits\.memory/, /limits\.ephemeral-storage/);
    const hidden = judge(
      rule,
      withContainer((container) => void (container.resources = unknownObject)),
    );
    assert.equal(hidden.length, 4);
    for (const message of hidden) assert.match(message, /not known in a preview/);
  });

  it("takes memory of up to twice the request, and not a byte more", () => {
    for (const [request, limit] of [
      ["1Gi", "1Gi"],
      ["1Gi", "2Gi"],
      ["512Mi", "1Gi"],
      ["1000000", "2M"],
    ] as const) {
      assert.deepEqual(judge(rule, memory(request, limit)), [], `${request} ${limit}`);
    }
    assertSaid(judge(rule, memory("1Gi", "2147483649")), /limits\.memory is more than 2 times the request/);
  });

  it("refuses a limit below the request", () => {
    assertSaid(judge(rule, memory("1Gi", "1G")), /limits\.memory is below the request/);
  });

  it("looks at containers that run first", () => {
    const without = withSetup((setup) => void delete setup.resources.limits.memory);
    assertSaid(judge(rule, without), /^initContainers\[0\] setup: resources\.limits\.memory is missing/);
  });

  it("refuses a pod that a preview cannot see into", () => {
    assertSaid(
      judge(
        rule,
        workload((template) => void (template.spec = unknownObject)),
      ),
      /^the pod's spec: not known/,
    );
  });
});
