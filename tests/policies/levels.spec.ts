import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environment } from "../../config/schema/platform.ts";
import { root } from "../../engine/root.ts";
import { configFor, environments, levels } from "../../policies/levels.ts";
import { policies, rules } from "../../policies/rules.ts";

const inPack = (path: string) => join(root, "policies", path);

describe("the levels of the policy pack", () => {
  it("are given for every rule, and for nothing else", () => {
    assert.deepEqual(Object.keys(levels).sort(), rules.map(({ name }) => name).sort());
  });

  it("are those of production in the pack itself: whoever says nothing is judged the strictest", () => {
    for (const { name, enforcementLevel } of policies()) {
      assert.equal(enforcementLevel, "mandatory", name);
      assert.equal(levels[name]?.prod, "mandatory", name);
    }
  });

  it("grow no stricter from production to staging to dev", () => {
    const strictness = ["disabled", "advisory", "mandatory"];
    for (const [name, { prod, staging, dev }] of Object.entries(levels)) {
      const order = [prod, staging, dev].map((level) => strictness.indexOf(level));
      assert.deepEqual(order, [...order].sort().reverse(), name);
    }
  });

  it("hold everywhere for what gives attackers a way in", () => {
    for (const name of ["pss-restricted", "rbac-least-privilege", "no-plaintext-secrets", "no-latest-or-untagged"]) {
      const { prod, staging, dev } = levels[`frappe-${name}`] ?? {};
      assert.deepEqual([prod, staging, dev], ["mandatory", "mandatory", "mandatory"], name);
    }
  });

  it("stand for each environment but production in the file that Pulumi is given", () => {
    for (const name of ["staging", "dev"] as const) {
      const text = readFileSync(inPack(`config/${name}.json`), "utf8");
      assert.equal(text, `${JSON.stringify(configFor(name), null, 2)}\n`, `policies/config/${name}.json`);
    }
    assert.deepEqual(configFor("prod"), {});
    assert.deepEqual(readdirSync(inPack("config")).sort(), ["dev.json", "staging.json"]);
  });

  it("know the environments that a stack file may name", () => {
    assert.deepEqual([...environments].sort(), [...environment.options].sort());
  });
});

describe("the rules of the policy pack", () => {
  it("are each one file, by the rule's name", () => {
    for (const { name } of rules) {
      assert.match(name, /^frappe-[a-z-]+$/);
      assert.ok(existsSync(inPack(`${name.replace(/^frappe-/, "")}.ts`)), name);
    }
    const others = ["index.ts", "levels.ts", "rules.ts"];
    const files = readdirSync(inPack(".")).filter((file) => file.endsWith(".ts") && !others.includes(file));
    assert.equal(files.length, rules.length);
  });

  it("are as docs/policies.md says, level by level and word by word", () => {
    const rows = rules.map(({ name, description, remedy }) => {
      const { prod, staging, dev } = levels[name] ?? {};
      return [`\`${name}\``, description, prod, staging, dev, remedy].map((cell) =>
        String(cell).replaceAll("|", "\\|"),
      );
    });
    const page = readFileSync(join(root, "docs/policies.md"), "utf8");
    const shown = page
      .split("\n")
      .filter((line) => line.startsWith("| `frappe-"))
      .map((line) =>
        line
          .slice(2, -2)
          .split(/ +\| +/)
          .map((cell) => cell.trim()),
      );
    assert.deepEqual(shown, rows);
  });
});
