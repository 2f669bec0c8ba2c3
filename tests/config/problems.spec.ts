import assert from "node:assert/strict";
import { ConfigError, didYouMean, keyPath, show, unknownKey } from "../../config/problems.ts";
import { parseConfig } from "../../config/parse.ts";
import { readStackFile } from "../support/stacks.ts";

const problem = (path: string, message = "expected x, got y") => ({ path, message });

describe("config: the error with every problem", () => {
  it("names the file, counts, and stands aligned, a line for each problem", () => {
    const error = new ConfigError("Pulumi.prod.yaml", [
      problem("frappe:bench.id"),
      problem("frappe:environment", "expected z"),
    ]);
    assert.deepEqual(error.message.split("\n"), [
      "Pulumi.prod.yaml: 2 problems",
      "  frappe:bench.id     expected x, got y",
      "  frappe:environment  expected z",
    ]);
    assert.equal(error.name, "ConfigError");
    assert.equal(error.problems.length, 2);
  });

  it("counts one problem as one", () => {
    assert.match(new ConfigError("a", [problem("frappe:b")]).message, /^a: 1 problem\n {2}frappe:b {2}expected/);
  });

  it("does not push all lines aside for one long path", () => {
    const [, , short = ""] = new ConfigError("a", [
      problem(`frappe:${"x".repeat(200)}`),
      problem("frappe:b"),
    ]).message.split("\n");
    assert.equal(short.indexOf("expected"), 2 + 48 + 2);
  });

  it("says how many it leaves out, and keeps them", () => {
    const many = Array.from({ length: 300_000 }, (_, i) => problem(`frappe:k${i}`));
    const error = new ConfigError("a", many);
    assert.equal(error.message.split("\n").length, 202);
    assert.match(error.message, /\n {2}… and 299800 more$/);
    assert.equal(error.problems.length, 300_000);
  });

  it("stays on one line for each problem, whatever the file holds", () => {
    const raw = readStackFile("prod");
    const evil = 'a\nb\r\u0000\u001b[2J\u2028\u202e"';
    const parsed = parseConfig({
      values: { ...raw.values, [evil]: evil, environment: evil },
      secrets: new Set([evil]),
    });
    assert.ok(!parsed.ok);
    const lines = new ConfigError("a", parsed.problems).message.split("\n");
    assert.equal(lines.length, parsed.problems.length + 1);
    for (const line of lines) assert.doesNotMatch(line, /[\p{C}\p{Zl}\p{Zp}]/u);
  });
});

describe("config: did you mean", () => {
  const known = ["replicas", "workers", "threads", "maxRequests", "id"];

  it("finds a word with a slip in it, in any case", () => {
    assert.equal(didYouMean("replica", known), "replicas");
    assert.equal(didYouMean("repilcas", known), "replicas");
    assert.equal(didYouMean("WORKERS", known), "workers");
    assert.equal(didYouMean("max_requests", known), "maxRequests");
    assert.equal(didYouMean("ID", known), "id");
  });

  it("says nothing where no word is near, or none is known", () => {
    assert.equal(didYouMean("colour", known), undefined);
    assert.equal(didYouMean("", known), undefined);
    assert.equal(didYouMean("xy", known), undefined);
    assert.equal(didYouMean("replicas", []), undefined);
  });

  it("gives way to the known words, and to the way of secrets", () => {
    assert.equal(unknownKey("replica", known), "unknown key; did you mean replicas?");
    assert.match(unknownKey("colour", known), /known here: replicas, workers, threads, maxRequests, id$/);
    assert.match(unknownKey("dbPassword", known), /pulumi config set --secret/);
  });
});

describe("config: values in messages", () => {
  it("stand in quotes, short, with what does not show written out", () => {
    assert.equal(show("a"), '"a"');
    assert.equal(show('a"b'), '"a\\"b"');
    assert.equal(show("a\nb"), '"a\\nb"');
    assert.equal(show("a\u202eb\u2028c\u00a0d\u200be"), '"a\\u{202e}b\\u{2028}c\\u{a0}d\\u{200b}e"');
    assert.equal(show("bücher"), '"bücher"');
    assert.equal(show("x".repeat(58)), `"${"x".repeat(58)}"`);
    assert.equal(show("x".repeat(59)), `"${"x".repeat(56)}…"`);
    assert.match(show(`${"x".repeat(55)}🍕🍕`), /^"[ -~…]+"$/);
  });

  it("are named by kind where they are no text", () => {
    assert.deepEqual([undefined, null, Number.NaN, -0, 1e21, 3n, true, [], {}, Symbol("x"), () => 1].map(show), [
      "nothing",
      "null",
      "NaN",
      "0",
      "1e+21",
      "3",
      "true",
      "a list",
      "an object",
      "a symbol",
      "a function",
    ]);
  });

  it("keep a password in an address and a key in a file to themselves", () => {
    for (const secret of [
      "mysql://root:hunter2@db",
      "root:hunter2@db",
      ":hunter2@db",
      `x:${"hunter2".repeat(20)}@db`,
      "a:hun@ter2@db",
    ]) {
      assert.doesNotMatch(show(secret), /hun|ter2/, secret);
    }
    assert.equal(show("-----BEGIN PRIVATE KEY-----\nMIIEvQ"), "a PEM file");
    assert.equal(show("admin@prod"), '"admin@prod"');
  });
});

describe("config: key paths", () => {
  it("are written as in the stack file, odd names in quotes", () => {
    assert.equal(keyPath("bench"), "frappe:bench");
    assert.equal(keyPath("sites", [0, "domains", 12]), "frappe:sites[0].domains[12]");
    assert.equal(keyPath("edge", ["controller", "podLabels", "a.b/c"]), 'frappe:edge.controller.podLabels["a.b/c"]');
    assert.equal(keyPath("bench", ["workers", "1"]), 'frappe:bench.workers["1"]');
    assert.equal(keyPath("be\nnch", [""]), 'frappe:"be\\nnch"[""]');
  });
});
