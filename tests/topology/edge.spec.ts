import assert from "node:assert/strict";
import fc from "fast-check";
import { chunks, type EdgePlan } from "../../topology/edge.ts";
import { planOf } from "../support/record-stack.ts";
import { replaceSites, stackConfig } from "../support/stacks.ts";

type Values = Parameters<NonNullable<Parameters<typeof stackConfig>[1]>>[0];
type Gateway = Extract<EdgePlan, { kind: "gateway" }>;
type Ingress = Extract<EdgePlan, { kind: "ingress" }>;

const sites = (...names: string[]) => names.map((name) => ({ name, apps: ["frappe"] }));
const hosts = (count: number) => Array.from({ length: count }, (_, i) => `s${i}.example.com`);

function gateway(change: (values: Values) => unknown): Gateway {
  const { edge } = planOf("staging", change);
  assert.ok(edge.kind === "gateway");
  return edge;
}
function ingress(change: (values: Values) => unknown): Ingress {
  const { edge } = planOf("staging", (values) => {
    values["edge"].kind = "ingress";
    change(values);
  });
  assert.ok(edge.kind === "ingress");
  return edge;
}

describe("topology/edge", () => {
  it("asks for a certificate and a listener for every domain of every active site", () => {
    const edge = gateway(() => undefined);
    const domains = ["erp.staging.example.com", "portal.staging.example.com", "www.portal.staging.example.com"];
    assert.deepEqual(
      edge.listeners.map(({ host }) => host),
      domains,
    );
    assert.deepEqual(
      edge.certificates.map((certificate) => certificate.hosts),
      domains.map((host) => [host]),
    );
  });

  it("has a wildcard stand for all that it covers, one level deep", () => {
    const edge = gateway((values) => {
      replaceSites(
        values,
        sites("a.example.com", "b.example.com", "deep.a.example.com", "example.com", "c.example.org"),
      );
      values["edge"].tls.wildcards = ["*.example.com"];
    });
    assert.deepEqual(
      edge.listeners.map(({ host }) => host),
      ["*.example.com", "deep.a.example.com", "example.com", "c.example.org"],
    );
  });

  it("gives every listener the one certificate that covers its host", () => {
    const edge = gateway((values) => {
      replaceSites(values, sites(...hosts(10)));
      values["edge"].tls.hostsPerCertificate = 4;
    });
    const covered = new Map(edge.certificates.map(({ name, hosts: covering }) => [name, covering]));
    for (const { certificate, host } of edge.listeners) assert.ok(covered.get(certificate)?.includes(host), host);
    assert.deepEqual(
      edge.certificates.map((certificate) => certificate.hosts.length),
      [4, 4, 2],
    );
  });

  it("splits listeners into routes of at most 32 parents, each listener in one route", () => {
    for (const [count, lengths] of [
      [1, [1]],
      [32, [32]],
      [33, [32, 1]],
      [60, [32, 28]],
    ] as const) {
      const { routes, listeners } = gateway((values) => replaceSites(values, sites(...hosts(count))));
      assert.deepEqual(
        routes.map((route) => route.length),
        lengths,
      );
      assert.deepEqual(
        routes.flat(),
        listeners.map(({ name }) => name),
      );
    }
  });

  it("moves nothing when a site is added at the end", () => {
    const edge = (count: number) => gateway((values) => replaceSites(values, sites(...hosts(count))));
    assert.deepEqual(edge(6).certificates.slice(0, 5), edge(5).certificates);
    assert.deepEqual(edge(6).listeners.slice(0, 5), edge(5).listeners);
  });

  it("leaves an archived site's domains out", () => {
    const edge = gateway((values) => (values["sites"][1].state = "archived"));
    assert.deepEqual(
      edge.listeners.map(({ host }) => host),
      ["erp.staging.example.com"],
    );
    assert.equal(edge.certificates.length, 1);
  });

  it("routes by Ingress what it routes by Gateway: the same hosts, the same certificates", () => {
    const change = (values: Values) => {
      replaceSites(values, sites("a.example.com", "b.example.com", "c.example.org"));
      values["edge"].tls.wildcards = ["*.example.com"];
    };
    const [one, other] = [gateway(change), ingress(change)];
    assert.deepEqual(
      other.hosts,
      one.listeners.map(({ host }) => host),
    );
    assert.deepEqual(other.certificates, one.certificates);
    assert.deepEqual(other.tls, [
      { hosts: ["*.example.com"], certificate: one.certificates[0]?.name },
      { hosts: ["c.example.org"], certificate: one.certificates[1]?.name },
    ]);
  });

  it("cuts any list into pieces that are full but for the last, and lose nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 40 }), (items, size) => {
        const pieces = chunks(items, size);
        assert.deepEqual(pieces.flat(), items);
        assert.ok(pieces.slice(0, -1).every((piece) => piece.length === size));
        assert.ok(pieces.every((piece) => piece.length > 0 && piece.length <= size));
      }),
    );
  });
});
