import assert from "node:assert/strict";
import fc from "fast-check";
import { limits } from "../../constants/limits.ts";
import { certificateName, listenerName, releaseServiceName } from "../../topology/names.ts";

const namers = { certificateName, listenerName };
const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Host names as the parser takes them, from few letters, so that near misses are common. */
const hostLabel = fc.stringMatching(/^[ab1]([ab1-]{0,5}[ab1])?$/);
const longLabel = fc.stringMatching(/^[ab]([ab-]{40,60}[ab])$/);
const hostname = fc
  .array(fc.oneof({ weight: 4, arbitrary: hostLabel }, { weight: 1, arbitrary: longLabel }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((labels) => [...labels, "example.com"].join("."));
const host = fc.tuple(fc.constantFrom("", "", "", "*.", "wildcard."), hostname).map(([prefix, name]) => prefix + name);

describe("topology/names", () => {
  for (const [name, namer] of Object.entries(namers)) {
    it(`${name}: no two hosts share a name`, () => {
      const pair = fc.tuple(host, host).filter(([a, b]) => a !== b);
      fc.assert(
        fc.property(pair, ([a, b]) => assert.notEqual(namer(a), namer(b))),
        { numRuns: 5_000 },
      );
    });

    it(`${name}: no two hosts that differ only in dots and dashes share a name`, () => {
      const respelt = hostname.chain((name) =>
        fc.tuple(
          fc.constant(name),
          fc
            .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
            .map((turns) => [...name].map((letter, i) => (turns[i] && letter === "-" ? "." : letter)).join("")),
        ),
      );
      const both = respelt.filter(([a, b]) => a !== b && b.split(".").every((part) => label.test(part)));
      fc.assert(
        fc.property(both, ([a, b]) => assert.notEqual(namer(a), namer(b))),
        { numRuns: 2_000 },
      );
    });

    it(`${name}: every name is a label that Kubernetes takes`, () => {
      fc.assert(
        fc.property(host, (one) => {
          assert.match(namer(one), label);
          assert.ok(namer(one).length <= limits.dnsLabel);
        }),
      );
    });
  }

  it("keeps a dash and a dot apart", () => {
    assert.notEqual(certificateName("a-b.example.com"), certificateName("a.b.example.com"));
    assert.notEqual(listenerName("a-b.example.com"), listenerName("a.b.example.com"));
  });

  it("keeps a wildcard and a site that is called so apart", () => {
    assert.notEqual(certificateName("*.example.com"), certificateName("wildcard.example.com"));
    assert.notEqual(listenerName("*.example.com"), listenerName("wildcard.example.com"));
    assert.notEqual(listenerName("*.example.com"), listenerName("wildcard-example.com"));
  });

  it("keeps long hosts with a common beginning apart, also those whose 32-bit checksums are alike", () => {
    const stem = `${"a".repeat(60)}.${"b".repeat(60)}`;
    const seen = new Map<string, string>();
    for (let i = 0; i < 200_000; i++) {
      const long = `${stem}.n${i}.example.com`;
      const name = listenerName(long);
      assert.equal(seen.get(name), undefined, `${long} and ${seen.get(name)} are both ${name}`);
      seen.set(name, long);
    }
  });

  it("stays what it was, and readable, for hosts without a dash", () => {
    assert.equal(certificateName("erp.example.com"), "tls-erp-example-com");
    assert.equal(listenerName("www.erp.example.com"), "https-www-erp-example-com");
    assert.match(certificateName("*.example.com"), /^tls-wildcard-+example-com$/);
  });

  it("names a release's Services after role and release", () => {
    assert.equal(releaseServiceName("socketio-4", "0123456789"), "socketio-4-0123456789");
  });
});
