import assert from "node:assert/strict";
import { actorsOf, flows, namespacesOf } from "./connectivity.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { type End, type Port, allowed, judge } from "./network-policy.ts";
import * as samples from "./samples.ts";

const policy = (name: string, spec: object, namespace = "bench"): KubernetesObject => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace },
  spec,
});
const pod = (app: string, namespace = "bench", ports = [{ name: "http", containerPort: 8000 }]): End => ({
  namespace,
  labels: { app },
  ports,
});
const select = (app: string) => ({ podSelector: { matchLabels: { app } } });
const namespaces = { bench: { team: "erp" }, edge: { role: "ingress" }, other: {} };
const deny = policy("deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
const to = (app: string, ...ingress: object[]) =>
  policy(`to-${app}`, { ...select(app), policyTypes: ["Ingress"], ingress });
const from = (app: string, ...egress: object[]) =>
  policy(`from-${app}`, { ...select(app), policyTypes: ["Egress"], egress });

const check = (policies: KubernetesObject[], client: End, server: End, port: Port = { port: 8000 }) =>
  allowed(policies, client, server, port, namespaces);

describe("judges/network-policy", () => {
  it("lets everything through where no policy selects a pod", () => assert.equal(check([], pod("a"), pod("b")), true));

  it("denies both directions by default", () => {
    assert.equal(check([deny], pod("a"), pod("b")), false);
    assert.equal(check([deny], pod("x", "other"), pod("b")), false);
    assert.equal(check([deny], pod("a"), pod("x", "other")), false);
  });

  it("leaves other namespaces alone", () => assert.equal(check([deny], pod("x", "other"), pod("y", "other")), true));

  it("needs the consent of both ends", () => {
    const [out, in_] = [from("a", { to: [select("b")] }), to("b", { from: [select("a")] })];
    assert.equal(check([deny, out], pod("a"), pod("b")), false);
    assert.equal(check([deny, in_], pod("a"), pod("b")), false);
    assert.equal(check([deny, out, in_], pod("a"), pod("b")), true);
    assert.equal(check([deny, out, in_], pod("b"), pod("a")), false);
  });

  it("adds policies up: none takes away what another allows", () => {
    const policies = [to("b", { from: [select("a")] }), to("b", { from: [select("c")] })];
    assert.deepEqual(
      ["a", "c", "d"].map((app) => check(policies, pod(app), pod("b"))),
      [true, true, false],
    );
  });

  it("takes a rule without peers, or with an empty list, for everybody", () => {
    assert.equal(check([to("b", {})], pod("x", "other"), pod("b")), true);
    assert.equal(check([to("b", { from: [] })], { ip: "203.0.113.7" }, pod("b")), true);
    assert.equal(check([to("b", { ports: [{ port: 8000 }] })], pod("x", "other"), pod("b")), true);
  });

  it("takes an empty list of rules for nobody", () => assert.equal(check([to("b")], pod("a"), pod("b")), false));

  it("means pods of the policy's own namespace by a pod selector alone", () => {
    const policies = [to("b", { from: [{ podSelector: {} }] })];
    assert.equal(check(policies, pod("a"), pod("b")), true);
    assert.equal(check(policies, pod("a", "edge"), pod("b")), false);
  });

  it("means all pods of the chosen namespaces by a namespace selector alone", () => {
    const policies = [to("b", { from: [{ namespaceSelector: { matchLabels: { role: "ingress" } } }] })];
    assert.equal(check(policies, pod("anything", "edge"), pod("b")), true);
    assert.equal(check(policies, pod("anything"), pod("b")), false);
  });

  it("means both at once when both stand in one peer, and either when they are two peers", () => {
    const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": "edge" } };
    const both = [to("b", { from: [{ namespaceSelector, ...select("proxy") }] })];
    const either = [to("b", { from: [{ namespaceSelector }, select("proxy")] })];
    const clients = [pod("proxy", "edge"), pod("x", "edge"), pod("proxy")];
    assert.deepEqual(
      clients.map((client) => check(both, client, pod("b"))),
      [true, false, false],
    );
    assert.deepEqual(
      clients.map((client) => check(either, client, pod("b"))),
      [true, true, true],
    );
  });

  it("understands expressions", () => {
    const expression = (operator: string, ...values: string[]) => [
      to("b", { from: [{ podSelector: { matchExpressions: [{ key: "app", operator, values }] } }] }),
    ];
    assert.equal(check(expression("In", "a", "c"), pod("a"), pod("b")), true);
    assert.equal(check(expression("NotIn", "a"), pod("a"), pod("b")), false);
    assert.equal(check(expression("Exists"), pod("a"), pod("b")), true);
    assert.equal(check(expression("DoesNotExist"), pod("a"), pod("b")), false);
    assert.throws(() => check(expression("in", "a"), pod("a"), pod("b")), /no such operator/);
  });

  it("judges addresses by block and exception", () => {
    const policies = [
      from("a", {
        to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16", "10.0.0.0/8"] } }],
        ports: [{ port: 443 }],
      }),
    ];
    const open = (ip: string, port = 443) => check(policies, pod("a"), { ip }, { port });
    assert.deepEqual(
      ["203.0.113.7", "169.254.169.254", "10.1.2.3"].map((ip) => open(ip)),
      [true, false, false],
    );
    assert.equal(open("203.0.113.7", 80), false);
    assert.equal(open("2001:db8::1"), false);
  });

  it("does not take a pod for an address", () => {
    const policies = [from("a", { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] })];
    assert.equal(check(policies, pod("a"), pod("b")), false);
  });

  it("understands numbers, ranges, names and protocols of ports", () => {
    const open = (ports: object[], port: Port) => check([to("b", { ports })], pod("a"), pod("b"), port);
    assert.equal(open([{ port: 8000 }], { port: 8000 }), true);
    assert.equal(open([{ port: 8000 }], { port: 8001 }), false);
    assert.equal(open([{ port: 8000, endPort: 8010 }], { port: 8010 }), true);
    assert.equal(open([{ port: "http" }], { port: 8000 }), true);
    assert.equal(open([{ port: "http" }], { port: 9000 }), false);
    assert.equal(open([{ port: 53, protocol: "UDP" }], { port: 53 }), false);
    assert.equal(open([{ port: 53, protocol: "UDP" }], { port: 53, protocol: "UDP" }), true);
    assert.equal(open([{ protocol: "TCP" }], { port: 1 }), true);
  });

  it("reads the directions from the rules when policyTypes is absent", () => {
    const ingressOnly = policy("p", select("a"));
    assert.equal(check([ingressOnly], pod("x"), pod("a")), false);
    assert.equal(check([ingressOnly], pod("a"), pod("x")), true);
    const withEgress = policy("p", { ...select("a"), egress: [{ to: [select("b")] }] });
    assert.equal(check([withEgress], pod("a"), pod("x")), false);
  });

  it("says which policy decides", () => {
    const { why } = judge([deny, from("a", {})], pod("a"), pod("b"), { port: 1 }, namespaces);
    assert.equal(why, "Egress: allowed by from-a; Ingress: denied, since none of deny allows it");
  });

  it("draws the whole matrix of a stack", () => {
    const objects = [samples.deployment(), samples.statefulSet()] as KubernetesObject[];
    const lines = flows([], actorsOf(objects), namespacesOf(objects));
    assert.deepEqual(lines, ["db -> web:8000", "web -> web:8000"]);
    assert.deepEqual(flows([samples.networkPolicy()], actorsOf(objects), {}), []);
  });
});
