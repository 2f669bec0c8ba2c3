import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { images } from "../../constants/images.ts";
import { type Evidence, evidenceFile, isEnough, owners, readEvidence } from "../../images/evidence.ts";
import { BadFile, pinsInConstants, pinsInYaml, readPins, reference } from "../../images/pins.ts";
import { digestPattern, endpointOf } from "../../images/reference.ts";

const root = path.resolve(import.meta.dirname, "../..");
const digest = `sha256:${"ab".repeat(32)}`;

describe("every pinned image", () => {
  const pins = readPins(root);
  const evidence = new Map(readEvidence(root).map((entry) => [reference(entry), entry]));

  it("is one of constants/images.ts or of a stack file, and none is overlooked", () => {
    const constants = pins.filter(({ file }) => file === "constants/images.ts");
    assert.deepEqual(
      constants.map(({ repository, tag, digest }) => ({ repository, tag, digest })),
      Object.values(images),
    );
    for (const stack of ["dev", "staging", "prod"]) {
      assert.ok(
        pins.some(({ file }) => file === `Pulumi.${stack}.yaml`),
        `Pulumi.${stack}.yaml pins an image`,
      );
    }
  });

  for (const pin of pins) {
    it(`${reference(pin)} in ${pin.file} has a full reference, and evidence from two owners or the registry itself`, () => {
      assert.match(pin.digest, digestPattern);
      assert.ok(endpointOf(pin.repository, pin.tag), "registry, repository and tag in full");
      const entry = evidence.get(reference(pin));
      assert.ok(entry, `${evidenceFile} says nothing of it`);
      assert.equal(entry.digest, pin.digest, `${evidenceFile} speaks of another digest`);
      assert.ok(isEnough(entry), `${evidenceFile} names ${owners(entry).size} owner(s)`);
    });
  }
});

describe("images/evidence.json", () => {
  const entries = readEvidence(root);

  it("names each image once", () => {
    assert.equal(new Set(entries.map(reference)).size, entries.length);
  });

  for (const entry of entries) {
    it(`says of ${reference(entry)} where a reader finds its digest`, () => {
      assert.match(entry.digest, digestPattern);
      assert.ok(isEnough(entry));
      for (const place of entry.places) {
        assert.match(place.repository, /^github\.com\/[\w.-]+\/[\w.-]+$/);
        assert.match(place.commit, /^[0-9a-f]{40}$/);
        assert.match(place.seen, /^20\d\d-\d\d-\d\d$/);
        assert.notEqual(place.path, "");
      }
    });
  }

  it("counts two repositories of one owner as one", () => {
    const place = { path: "a", commit: "0".repeat(40), seen: "2026-11-21" };
    const places = ["github.com/one/a", "github.com/One/b"].map((repository) => ({ repository, ...place }));
    const entry: Evidence = { repository: "ghcr.io/a/b", tag: "1", digest, places };
    assert.equal(isEnough(entry), false);
    assert.equal(isEnough({ ...entry, places: [...places, { repository: "github.com/two/a", ...place }] }), true);
    assert.equal(isEnough({ ...entry, places: [], registry: { resolved: "2026-11-21" } }), true);
  });
});

describe("images/pins", () => {
  it("finds a pin in yaml however it is written, and keeps a tag as it is spelled", () => {
    const yaml = [
      `a: {repository: ghcr.io/a/b, tag: 17.10, digest: "${digest}"} # 17.1 would be another image`,
      `b:\n  - digest: ${digest}\n    tag: 'x'\n    repository: ghcr.io/c/d`,
      "c: { repository: ghcr.io/e/f, tag: y }",
    ].join("\n");
    const found = pinsInYaml("f.yaml", yaml);
    assert.deepEqual(found.map(reference), ["ghcr.io/a/b:17.10", "ghcr.io/c/d:x"]);
    for (const { offset } of found) assert.equal(yaml.slice(offset, offset + digest.length), digest);
  });

  it("refuses a stack file it cannot read, and a digest that is none", () => {
    assert.throws(() => pinsInYaml("f.yaml", "a: [1"), BadFile);
    const short = "{ repository: ghcr.io/a/b, tag: x, digest: sha256:abc }";
    assert.throws(() => pinsInYaml("f.yaml", short), /f\.yaml: the digest of ghcr\.io\/a\/b is not/);
  });

  it("finds nothing in a constants file without pins", () => {
    assert.deepEqual(pinsInConstants("f.ts", 'export const images = { a: { repository: "x" } };'), []);
  });

  it("names the stacks there are when asked for one there is not", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "pin-images-"));
    try {
      mkdirSync(path.join(folder, "constants"));
      writeFileSync(path.join(folder, "Pulumi.dev.yaml"), readFileSync(path.join(root, "Pulumi.dev.yaml")));
      assert.throws(() => readPins(folder, ["prd"]), /no stack file for prd; there is dev/);
      assert.deepEqual(
        readPins(folder, ["dev"]).map(({ file }) => file),
        ["Pulumi.dev.yaml"],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
