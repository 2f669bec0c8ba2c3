import assert from "node:assert/strict";
import { bundleRelease } from "../../release/bundle.ts";
import { describeReleases } from "./support/releases.ts";

describe("release: the bundle", () => {
  it("is one file, the same for the same source, and small enough for a ConfigMap", () => {
    const text = bundleRelease();
    assert.equal(bundleRelease(), text);
    assert.ok(text.length < 700_000, `${text.length}`);
  });
});

for (const engine of ["mariadb", "postgres"] as const) {
  describeReleases(engine);
}
