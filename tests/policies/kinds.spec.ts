import assert from "node:assert/strict";
import { imageDigestPinned } from "../../policies/image-digest-pinned.ts";
import { noPlaintextSecrets } from "../../policies/no-plaintext-secrets.ts";
import { pssRestricted } from "../../policies/pss-restricted.ts";
import { rules } from "../../policies/rules.ts";
import { tlsRequired } from "../../policies/tls-required.ts";
import { assertSaid, type Given, judge, unknownList, unknownObject, violated } from "./judged.ts";
import { digest, type Loose, object, workload } from "./samples.ts";

/** Nothing of it may pass. */
const badPod = {
  metadata: { name: "bad", namespace: "frappe" },
  spec: {
    hostNetwork: true,
    containers: [{ name: "x", image: "busybox:latest", env: [{ name: "DB_PASSWORD", value: "hunter2" }] }],
  },
};
const templateOf = (given: Given): Loose => (given.props as Loose).spec.template;

describe("kinds of objects", () => {
  it("judge a core object that was made as a custom resource as the object that it is", () => {
    const core = { type: "kubernetes:core/v1:Pod", props: badPod };
    const expected = violated(rules, [core]);
    assert.ok(expected.length > 4, expected.join());
    assert.deepEqual(violated(rules, [{ ...core, type: "kubernetes:v1:Pod" }]), expected);
    assert.deepEqual(violated(rules, [{ ...core, type: "kubernetes:v1:PodPatch" }]), expected);
    const service = { type: "kubernetes:v1:Service", props: { spec: { type: "LoadBalancer" } } };
    assertSaid(judge(tlsRequired, service), /^type is "LoadBalancer"/);
    assert.equal(judge(pssRestricted, { type: "kubernetes:v1:Namespace", props: {} }).length, 3);
  });

  it("refuse what holds objects that nobody can see: a chart of Helm's, a list", () => {
    const hiding: Given[] = [
      object("helm.sh/v3:Release", { chart: "x", values: {} }),
      object("core/v1:PodList", { items: [badPod] }),
      { type: "kubernetes:v1:List", props: { items: unknownList } },
    ];
    for (const given of hiding) {
      for (const rule of [imageDigestPinned, pssRestricted, noPlaintextSecrets]) {
        assertSaid(judge(rule, given), /: nobody can see into it; declare the objects that it holds one by one/);
      }
    }
    assert.deepEqual(violated(rules, [object("example.com/v1:AddressList", { spec: { addresses: [] } })]), []);
  });

  const kinds: readonly (readonly [type: string, wrap: (template: Loose) => Loose])[] = [
    ["argoproj.io/v1alpha1:Rollout", (template) => ({ template })],
    ["serving.knative.dev/v1:Service", (template) => ({ template })],
    ["example.com/v1:Cron", (template) => ({ jobTemplate: { spec: { template } } })],
    ["keda.sh/v1alpha1:ScaledJob", (template) => ({ jobTargetRef: { template } })],
  ];
  for (const [type, wrap] of kinds) {
    it(`judge the pods of a ${type} as any pods`, () => {
      const good = object(type, { spec: wrap(templateOf(workload())) });
      const bad = object(type, { spec: wrap(templateOf(workload((template) => void (template.spec.hostPID = true)))) });
      assert.deepEqual(
        [imageDigestPinned, pssRestricted, noPlaintextSecrets].flatMap((rule) => judge(rule, good)),
        [],
      );
      assertSaid(judge(pssRestricted, bad), /^hostPID is on/);
      const hidden = object(type, { spec: wrap({ spec: { containers: unknownList } }) });
      assertSaid(judge(pssRestricted, hidden), /^containers: not known in a preview/);
      const unpinned = templateOf(workload((template) => void (template.spec.containers[0].image = "a:1.0")));
      assertSaid(judge(imageDigestPinned, object(type, { spec: wrap(unpinned) })), /the image "a:1\.0" has no digest/);
    });
  }

  it("do not take a custom resource for pods because a preview does not know its spec, or it runs images otherwise", () => {
    const others = [
      object("example.com/v1:Thing", { spec: unknownObject }),
      object("monitoring.coreos.com/v1:Prometheus", { spec: { image: `a:1.0@${digest}`, containers: [] } }),
    ];
    assert.deepEqual(
      others.flatMap((given) => judge(pssRestricted, given)),
      [],
    );
  });
});
