import assert from "node:assert/strict";
import { planOf } from "../support/record-stack.ts";

/** staging with its second site archived: `portal`, of two domains. */
const plan = () => planOf("staging", (values) => (values["sites"][1].state = "archived"));
const archived = "portal.staging.example.com";

describe("an archived site", () => {
  it("is in no certificate, no listener and no nginx configuration", () => {
    const { edge, bench } = plan();
    assert.ok(!JSON.stringify([edge, bench.files]).includes(archived));
    assert.ok(!JSON.stringify(bench.workloads).includes(archived));
  });

  it("is in the release's manifest as archived, with its apps, schema and domains", () => {
    const { release } = plan();
    const found = release.manifest.sites.find(({ name }) => name === archived);
    assert.equal(found?.state, "archived");
    assert.deepEqual(found.domains, [`www.${archived}`]);
    assert.match(found.schema, /^_[0-9a-f]{16}$/);
  });

  it("is still among the sites that have credentials, under the schema that it had", () => {
    const before = planOf("staging").sites.find(({ name }) => name === archived);
    const after = plan().sites.find(({ name }) => name === archived);
    assert.deepEqual({ ...after, state: "active" }, before);
  });
});
