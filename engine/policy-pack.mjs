#!/usr/bin/env node
// Our policy pack as one executable, which Pulumi takes in place of the folder: `--policy-pack engine/policy-pack.mjs`. The folder
// itself needs a language host as new as the CLI, and the one that we build from Go modules is older. The SDK's own runner would
// load the TypeScript compiler and type-check the rules at every start; the rules run here as the program does (bundle.mjs).
import { createRequire } from "node:module";
import { load } from "./bundle.mjs";

const require = createRequire(import.meta.url);
require("node:module").enableCompileCache?.();
require("./lean.cjs");

if (process.argv[2] === undefined) {
  process.stderr.write(
    `expected the engine's address, got nothing: Pulumi starts this, by --policy-pack ${process.argv[1]}\n`,
  );
  process.exit(2);
}
await load("policies/index.ts");
