import assert from "node:assert/strict";
import { join } from "node:path";
import { root } from "../../engine/root.ts";
import { run } from "../../engine/run.ts";

/** What a program that starts as Pulumi starts ours says at its end. */
async function lean(program: string): Promise<string> {
  const argv = ["--require", join(root, "engine/lean.cjs"), "--eval", program];
  const { code, stdout, stderr } = await run([process.execPath, ...argv], { seconds: 60, cwd: root });
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

describe("the SDK without what we do not use", function () {
  this.timeout(60_000);

  it("is loaded, its runner included, without npm's resolver, the compiler, tracing or source maps", async () => {
    const late = ["@npmcli/arborist", "typescript", "source-map-support", "@opentelemetry/sdk-trace-node"];
    const loaded = await lean(`
      require("@pulumi/pulumi");
      require("@pulumi/pulumi/cmd/run/tracing");
      const runner = require.resolve("@pulumi/pulumi/cmd/run");
      require("node:module").createRequire(runner)("source-map-support/register");
      const files = Object.keys(require.cache);
      const holds = (name) => files.some((file) => file.includes("/node_modules/" + name + "/"));
      console.log(JSON.stringify(${JSON.stringify(late)}.filter(holds)), files.length > 100);`);
    assert.equal(loaded, "[] true");
  });

  it("still turns a function into text, for which it loads the compiler then", async () => {
    const text = await lean(`
      const pulumi = require("@pulumi/pulumi");
      pulumi.runtime.serializeFunction(function answer() { return 42; }).then(({ text }) => {
        console.log(text.includes("return 42"), Object.keys(require.cache).some((file) => /node_modules.typescript/.test(file)));
      });`);
    assert.equal(text, "true true");
  });
});
