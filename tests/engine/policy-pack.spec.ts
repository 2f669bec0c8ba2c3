import assert from "node:assert/strict";
import { accessSync, constants, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policyPackFlags } from "../../engine/policy-pack.ts";
import { root } from "../../engine/root.ts";
import { run } from "../../engine/run.ts";

describe("the policy pack of a preview", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "frappe-policy-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const stackFile = (text: string) => {
    const path = join(folder, "Pulumi.mine.yaml");
    writeFileSync(path, text);
    return path;
  };
  const levelsFor = (text: string) => {
    cpSync(join(root, "policies"), join(folder, "policies"), { recursive: true });
    const [pack, executable, ...levels] = policyPackFlags(folder, stackFile(text));
    assert.deepEqual([pack, executable], ["--policy-pack", join(folder, "engine/policy-pack.mjs")]);
    return levels;
  };

  it("is left out where the project has none", () => {
    assert.deepEqual(policyPackFlags(folder, stackFile("config: {}\n")), []);
    mkdirSync(join(folder, "policies"));
    assert.deepEqual(policyPackFlags(folder, stackFile("config: {}\n")), []);
  });

  it("is an executable, which every language host takes", () => {
    accessSync(join(root, "engine/policy-pack.mjs"), constants.X_OK);
  });

  for (const environment of ["staging", "dev"]) {
    it(`judges ${environment} at its own levels`, () => {
      const file = join(folder, `policies/config/${environment}.json`);
      assert.deepEqual(levelsFor(`config: { frappe:environment: ${environment} }\n`), ["--policy-pack-config", file]);
    });
  }

  for (const [what, text] of [
    ["production", "config: { frappe:environment: prod }\n"],
    ["an environment that there is not", "config: { frappe:environment: stagin }\n"],
    ["one that would lead elsewhere", "config: { frappe:environment: ../config/dev }\n"],
    ["no environment", "config: {}\n"],
    ["no configuration", "encryptionsalt: x\n"],
    ["something else than a name", "config: { frappe:environment: [dev] }\n"],
  ] as const) {
    it(`judges ${what} at the levels of production, which are the pack's own`, () => {
      assert.deepEqual(levelsFor(text), []);
    });
  }

  it("says who starts it when it is started by hand", async () => {
    const { code, stdout, stderr } = await run([join(root, "engine/policy-pack.mjs")], { seconds: 30 });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^expected the engine's address, got nothing: Pulumi starts this, by --policy-pack /);
  });
});
