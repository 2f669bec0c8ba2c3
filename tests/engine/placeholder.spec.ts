import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { placeholder } from "../../engine/placeholder.ts";
import { engineTimeout, makeToy, type Toy } from "./toy.ts";

describe("placeholder for secrets, under the real engine", function () {
  this.timeout(engineTimeout);
  let toy: Toy;
  before(async () => {
    toy = await makeToy();
  });
  after(() => toy.remove());

  it("is opened to its plain value by the CLI", async () => {
    const { stdout } = await toy.succeed("config", "get", "password");
    assert.equal(stdout.trim(), placeholder.value);
  });

  it("reaches the program as a secret", async () => {
    toy.write(`
const password = new pulumi.Config().requireSecret("password");
exports.isSecret = pulumi.isSecret(password);
exports.matches = password.apply((value) => { if (value !== "${placeholder.value}") throw new Error("another value"); return true; });
`);
    const { stdout } = await toy.succeed("preview");
    assert.match(stdout, /isSecret\s*: true/);
    assert.match(stdout, /matches\s*: \[secret\]/);
    assert.ok(!stdout.includes(placeholder.value));
  });

  it("comes with a salt that the CLI takes as it is", () => {
    const lines = readFileSync(join(toy.folder, "Pulumi.test.yaml"), "utf8").split("\n");
    assert.ok(lines.includes(`encryptionsalt: ${placeholder.salt}`));
  });
});
