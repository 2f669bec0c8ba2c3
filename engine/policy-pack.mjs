#!/usr/bin/env node
// Our policy pack as one executable, which Pulumi takes in place of the folder: `--policy-pack engine/policy-pack.mjs`. The folder
// itself needs a language host as new as the CLI, and the one that we build from Go modules is older. The SDK's runner would also
// type-check the rules with ts-node at every start; it is given plain CommonJS, made by esbuild in a tenth of a second.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
// Beneath node_modules, so that the rules find the packages they import, and `npm ci` clears it.
const pack = join(root, "node_modules/.cache/frappe-platform/policies");
const scratch = join(pack, `index.js.${process.pid}`);

mkdirSync(pack, { recursive: true });
await build({
  entryPoints: [join(root, "policies/index.ts")],
  absWorkingDir: root,
  outfile: scratch,
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20",
  packages: "external",
  logLevel: "warning",
});
writeFileSync(join(pack, "package.json"), '{ "type": "commonjs", "main": "index.js" }\n');
// Two previews at once: whoever comes last leaves the same bytes.
renameSync(scratch, join(pack, "index.js"));

const [, , engineAddress] = process.argv;
if (engineAddress === undefined) {
  process.stderr.write(
    `expected the engine's address, got nothing: Pulumi starts this, by --policy-pack ${process.argv[1]}\n`,
  );
  process.exit(2);
}
const runner = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack");
process.argv.splice(1, process.argv.length, runner, engineAddress, pack);
createRequire(import.meta.url)(runner);
