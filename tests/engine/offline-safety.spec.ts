import assert from "node:assert/strict";
import { placeholder } from "../../engine/placeholder.ts";
import { engineTimeout, makeToy, type Toy } from "./toy.ts";

const canary = "canary-4f1e.@:/?#%";

const program = (secret: string, storageClass: string) => `
const password = pulumi.secret(${JSON.stringify(secret)});
const sealed = new pulumi.Config().requireSecret("password");
const { v1: core } = k8s.core;
const holder = new core.Secret("holder", { stringData: { password, url: pulumi.interpolate\`mysql://u:\${password}@h\` } });
new core.Secret("whole", { metadata: pulumi.secret({ annotations: { password: ${JSON.stringify(secret)} } }), stringData: { sealed } });
new command.local.Command("told", { create: "true", environment: { PASSWORD: password, SEALED: sealed } });
new core.ConfigMap("copy", { data: { from: holder.stringData.apply((data) => data?.password ?? "not known") } });
new core.PersistentVolumeClaim("data", { spec: { storageClassName: "${storageClass}" } }, { protect: true });
exports.password = holder.stringData.apply((data) => data?.password);
`;

describe("what must not leak or be lost, with the offline providers on the real engine", function () {
  this.timeout(engineTimeout);
  let toy: Toy;
  const seen: string[] = [];
  /** Looks through everything that was said and written so far. */
  const findsNothing = () => {
    const all = [...seen, toy.state()].join("\n");
    assert.match(all, /\[secret\][^]*ciphertext/);
    for (const value of [canary, "another-canary", placeholder.value]) {
      assert.ok(!all.includes(value), `${value} was shown or written`);
      assert.ok(!all.includes(Buffer.from(value).toString("base64")), `${value} was shown or written in base64`);
    }
  };
  const pulumi = async (...args: string[]) => {
    const ended = await toy.pulumi(...args);
    seen.push(ended.stdout, ended.stderr);
    return ended;
  };

  before(async () => {
    toy = await makeToy();
    toy.write(program(canary, "slow"));
  });
  after(() => toy.remove());

  it("shows no secret when it is planned and made, and writes none into the state", async () => {
    assert.equal((await pulumi("preview", "--diff")).code, 0);
    assert.equal((await pulumi("up", "--yes", "--diff")).code, 0);
    findsNothing();
  });

  it("keeps what came out of a resource as secret as what went in", () => {
    const { resources } = (
      JSON.parse(toy.state()) as { checkpoint: { latest: { resources: { urn: string; outputs?: unknown }[] } } }
    ).checkpoint.latest;
    for (const name of ["holder", "whole", "told", "copy", "toy-test"]) {
      const { outputs } = resources.find(({ urn }) => urn.endsWith(`::${name}`)) ?? {};
      assert.match(JSON.stringify(outputs), /"ciphertext"/, name);
    }
  });

  it("shows no secret when one changes, as a diff or as JSON", async () => {
    toy.write(program("another-canary", "slow"));
    for (const display of ["--diff", "--json"]) {
      const { code, stdout } = await pulumi("preview", display);
      assert.equal(code, 0);
      assert.match(stdout, /holder/);
    }
    findsNothing();
  });

  it("fails a preview that would replace what is protected, by its name", async () => {
    toy.write(program(canary, "fast"));
    const { code, stdout } = await pulumi("preview");
    assert.notEqual(code, 0);
    assert.match(
      stdout,
      /unable to replace resource "[^"]*PersistentVolumeClaim::data"\s+as it is currently marked for protection/,
    );
  });

  it("fails a preview that would delete what is protected, by its name", async () => {
    toy.write(program(canary, "slow").replace(/^new core\.Persistent.*$/m, ""));
    const { code, stdout } = await pulumi("preview");
    assert.notEqual(code, 0);
    assert.match(stdout, /resource "[^"]*PersistentVolumeClaim::data" cannot be deleted\s+because it is protected/);
  });
});
