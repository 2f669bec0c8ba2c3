import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { networkPolicyDefaultDeny as rule } from "../../policies/networkpolicy-default-deny.ts";
import { assertSaid, type Given, judgeStack, unknownList, unknownObject, unknownText } from "./judged.ts";
import { type Loose, mariadb, object, pods, workload } from "./samples.ts";

const policy = (name: string, spec: Loose, namespace: unknown = "frappe"): Given => ({
  ...object("networking.k8s.io/v1:NetworkPolicy", { metadata: { name, namespace }, spec }),
  name,
});
const both = ["Ingress", "Egress"];
const deny = (namespace?: unknown) => policy("deny", { podSelector: {}, policyTypes: both }, namespace);
const webSelector = { matchLabels: { [labels.component]: "web" } };
const allow = (more: Loose = {}, namespace?: unknown) =>
  policy("web", { podSelector: webSelector, policyTypes: both, ...more }, namespace);
const inside = (namespace: unknown): Given => {
  const given = workload();
  return { ...given, props: { ...(given.props as object), metadata: { namespace } } };
};

describe("frappe-networkpolicy-default-deny", () => {
  it("takes a namespace that refuses both ways, with a policy for each workload", () => {
    assert.deepEqual(judgeStack(rule, [workload(), deny(), allow()]), []);
  });

  it("takes one policy for each way instead of one for both", () => {
    const ways = both.map((way) => policy(way, { podSelector: {}, policyTypes: [way] }));
    assert.deepEqual(judgeStack(rule, [workload(), ...ways, allow()]), []);
  });

  it("refuses each way that nothing refuses, once a namespace, at the first resource with pods there", () => {
    const said = judgeStack(rule, [workload(), { ...workload(), name: "other" }, allow()]);
    assertSaid(
      said,
      /^web: no NetworkPolicy of "frappe" refuses ingress to all pods\. /,
      /^web: .* refuses egress to all/,
    );
    const oneWay = policy("deny", { podSelector: {}, policyTypes: ["Ingress"] });
    assertSaid(judgeStack(rule, [workload(), oneWay, allow()]), /refuses egress/);
  });

  it("takes a policy without policyTypes for one of ingress, as Kubernetes does, and of egress where it has rules for it", () => {
    assertSaid(judgeStack(rule, [workload(), policy("deny", { podSelector: {} }), allow()]), /refuses egress/);
    const withRules = policy("deny", { podSelector: {}, egress: [] });
    assert.deepEqual(judgeStack(rule, [workload(), withRules, allow()]), []);
  });

  it("does not take a policy that selects some pods, or allows something, for a refusal", () => {
    const some = policy("deny", { podSelector: webSelector, policyTypes: both });
    assert.equal(judgeStack(rule, [workload(), some]).length, 2);
    const expression = { matchExpressions: [{ key: "a", operator: "Exists" }] };
    assert.equal(
      judgeStack(rule, [workload(), policy("d", { podSelector: expression, policyTypes: both }), allow()]).length,
      2,
    );
    const port = { ports: [{ port: 53 }] };
    const open = policy("deny", { podSelector: {}, policyTypes: both, ingress: [port], egress: [port] });
    assertSaid(
      judgeStack(rule, [workload(), open, allow()]),
      /refuses ingress/,
      /refuses egress/,
      /^deny: ingress: allowed to every pod of the namespace/,
      /^deny: egress: allowed to every pod/,
    );
  });

  it("wants the refusal in the pods' own namespace", () => {
    assertSaid(judgeStack(rule, [workload(), deny("other"), allow()]), /ingress/, /egress/);
    assertSaid(
      judgeStack(rule, [inside(undefined), deny(), allow()]),
      /"default" refuses ingress/,
      /egress/,
      /"default" says/,
    );
  });

  it("takes namespaces that a preview does not know for one, and says so of it", () => {
    assert.deepEqual(judgeStack(rule, [inside(unknownText), deny(unknownText), allow({}, unknownText)]), []);
    assertSaid(
      judgeStack(rule, [inside(unknownText), allow({}, unknownText)]),
      /of a namespace not known in a preview refuses ingress/,
      /egress/,
    );
  });

  it("wants a refusal where an operator makes the pods, and no policy of theirs", () => {
    assert.deepEqual(judgeStack(rule, [mariadb(), deny("default")]), []);
    assertSaid(judgeStack(rule, [mariadb()]), /"default" refuses ingress/, /egress/);
  });

  it("refuses a workload that no policy speaks of", () => {
    assertSaid(judgeStack(rule, [workload(), deny()]), /^web: no NetworkPolicy of "frappe" says what its pods may do/);
    assertSaid(judgeStack(rule, [workload(), deny(), allow({}, "other")]), /says what its pods may do/);
    const unlabelled = workload((template) => void (template.metadata.labels = unknownObject));
    assertSaid(judgeStack(rule, [unlabelled, deny(), allow()]), /says what its pods may do/);
    const hidden = allow({ podSelector: unknownObject });
    assertSaid(judgeStack(rule, [workload(), deny(), hidden]), /says what its pods may do/);
  });

  it("reads a selector's expressions", () => {
    const key = labels.component;
    const selected = (expression: Loose) =>
      judgeStack(rule, [
        workload(),
        deny(),
        allow({ podSelector: { ...webSelector, matchExpressions: [{ key, ...expression }] } }),
      ]).length === 0;
    assert.deepEqual(
      [
        { operator: "In", values: ["web", "nginx"] },
        { operator: "In", values: ["nginx"] },
        { operator: "NotIn", values: ["nginx"] },
        { operator: "NotIn", values: ["web"] },
        { operator: "Exists" },
        { operator: "DoesNotExist" },
        { operator: "Sometimes" },
      ].map(selected),
      [true, false, true, false, true, false, false],
    );
  });

  it("does not take a policy for a workload's own that many fulfil, or that names another label", () => {
    for (const podSelector of [
      { matchExpressions: [{ key: labels.component, operator: "Exists" }] },
      { matchExpressions: [{ key: labels.component, operator: "In", values: ["web"] }] },
      { matchLabels: { [labels.partOf]: "frappe-platform" } },
    ]) {
      const pod = workload((template) => void (template.metadata.labels[labels.partOf] = "frappe-platform"));
      assertSaid(judgeStack(rule, [pod, deny(), allow({ podSelector })]), /says what its pods may do/);
    }
  });

  it("wants a policy for every kind that makes pods", () => {
    for (const given of pods()) assert.equal(judgeStack(rule, [given, deny("default")]).length, 1, given.type);
  });

  it("refuses a rule that opens every port to every address, whichever way it says so", () => {
    const everywhere = [
      {},
      { to: [] },
      ...["0.0.0.0/0", "::/0", "128.0.0.0/1", "64.0.0.0/7"].map((cidr) => ({ to: [{ ipBlock: { cidr } }] })),
      { to: ["10.0.0.0/8", "11.0.0.0/8"].map((cidr) => ({ ipBlock: { cidr } })) },
      { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: [{ port: 1, endPort: 65535, protocol: "TCP" }] },
      { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: [{ protocol: "TCP" }] },
      { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: [{ port: 443 }, { protocol: "UDP" }] },
      { to: [{ namespaceSelector: {} }] },
      { to: [{ namespaceSelector: {}, podSelector: webSelector }] },
    ];
    for (const egress of everywhere) {
      assertSaid(
        judgeStack(rule, [workload(), deny(), allow({ egress: [egress] })]),
        /^web: egress\[0\]: every address on every port\. /,
      );
    }
    assertSaid(judgeStack(rule, [workload(), deny(), allow({ ingress: [{}] })]), /ingress\[0\]/);
    const apart = ["10.0.0.0/8", "11.0.0.0/8"].map((cidr) => ({ to: [{ ipBlock: { cidr } }] }));
    assertSaid(
      judgeStack(rule, [workload(), deny(), allow({ egress: apart })]),
      /^web: egress: every address on every port/,
    );
  });

  it("takes every address on one port, and one address on every port", () => {
    const narrow = [
      { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: [{ port: 443 }] },
      { to: [{ ipBlock: { cidr: "203.0.113.7/32" } }] },
      { to: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((cidr) => ({ ipBlock: { cidr } })) },
      { to: [{ namespaceSelector: {} }], ports: [{ port: 53 }] },
      { to: [{ namespaceSelector: { matchLabels: { a: "b" } } }] },
      { to: [{ podSelector: {} }] },
      { to: unknownList },
      { ports: unknownList },
    ];
    assert.deepEqual(judgeStack(rule, [workload(), deny(), allow({ egress: narrow })]), []);
  });

  it("has nothing to say of a stack without pods", () => {
    assert.deepEqual(judgeStack(rule, [object("core/v1:Namespace", {}), allow()]), []);
  });
});
