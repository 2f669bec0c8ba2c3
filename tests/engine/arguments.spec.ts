import assert from "node:assert/strict";
import { parseArguments, UsageError } from "../../engine/arguments.ts";

const refuses = (argv: string[], message: RegExp) => {
  assert.throws(
    () => parseArguments(argv),
    (error) =>
      error instanceof UsageError && message.test(error.message) && error.message.includes("usage: npm run preview"),
    argv.join(" "),
  );
};

describe("arguments of npm run preview", () => {
  it("takes one stack, and asks for nothing special by itself", () => {
    assert.deepEqual(parseArguments(["staging"]), { stack: "staging", offline: false, json: false, extra: [] });
  });

  it("takes its own flags before and after the stack, in any order", () => {
    const both = { stack: "prod", offline: true, json: true, extra: [] };
    for (const argv of [
      ["prod", "--offline", "--json"],
      ["--json", "--offline", "prod"],
      ["--offline", "prod", "--json"],
    ]) {
      assert.deepEqual(parseArguments(argv), both);
    }
  });

  it("hands everything behind -- to Pulumi, untouched, even what looks like its own", () => {
    const { stack, offline, json, extra } = parseArguments(["dev", "--", "--refresh", "--json", "--", "prod", "-v=9"]);
    assert.deepEqual({ stack, offline, json }, { stack: "dev", offline: false, json: false });
    assert.deepEqual(extra, ["--refresh", "--json", "--", "prod", "-v=9"]);
    assert.deepEqual(parseArguments(["dev", "--"]).extra, []);
  });

  it("takes a path for a stack", () => {
    assert.equal(parseArguments(["tests/stacks/Pulumi.external.yaml"]).stack, "tests/stacks/Pulumi.external.yaml");
  });

  it("refuses an option that it does not know, and says where Pulumi's go", () => {
    refuses(["staging", "--refresh"], /^unknown option --refresh; flags for Pulumi go behind a --\n/);
    refuses(["-s", "staging"], /^unknown option -s;/);
    refuses(["staging", "--offline=true"], /^unknown option --offline=true;/);
    refuses(["staging", "--Json"], /^unknown option --Json;/);
  });

  it("refuses no stack and more than one, and says what it got", () => {
    refuses([], /^expected one stack, got none\n/);
    refuses(["--offline"], /^expected one stack, got none\n/);
    refuses(["--", "staging"], /^expected one stack, got none\n/);
    refuses(["staging", "prod"], /^expected one stack, got staging, prod\n/);
  });
});
