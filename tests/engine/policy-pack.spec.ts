import assert from "node:assert/strict";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policyPackFlags } from "../../engine/policy-pack.ts";
import { root } from "../../engine/root.ts";

describe("the policy pack of a preview", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "frappe-policy-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is left out where the project has none", () => {
    assert.deepEqual(policyPackFlags(folder), []);
    mkdirSync(join(folder, "policies"));
    assert.deepEqual(policyPackFlags(folder), []);
  });

  it("is used from the day that the project has one, as an executable, which every language host takes", () => {
    mkdirSync(join(folder, "policies"));
    writeFileSync(join(folder, "policies/PulumiPolicy.yaml"), "runtime: nodejs\n");
    assert.deepEqual(policyPackFlags(folder), ["--policy-pack", join(folder, "engine/policy-pack.mjs")]);
    accessSync(join(root, "engine/policy-pack.mjs"), constants.X_OK);
  });
});
