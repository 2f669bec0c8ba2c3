// Runs our TypeScript as fast as each Node can. Node 22.18 and later strip types by themselves. Node 20 would need a loader thread
// that costs a preview two seconds of CPU: there, esbuild makes one file of the program first, in a twentieth of that.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
// Beneath node_modules, so that the bundle finds the packages it imports, and `npm ci` clears it.
const cache = join(root, "node_modules/.cache/frappe-platform");
const sources = ["backup", "components", "config", "constants", "engine", "operate", "policies", "review", "topology"];

/** Names the bundle by everything that it is made of: size and time of every source, and of the lock file. */
function sourceKey(entry) {
  const hash = createHash("sha256").update(entry);
  const add = (file) => {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}:${size}:${mtimeMs}\n`);
  };
  for (const folder of sources) {
    for (const file of readdirSync(join(root, folder), { recursive: true })) {
      if (file.endsWith(".ts")) add(join(root, folder, file));
    }
  }
  [join(root, "package-lock.json"), fileURLToPath(import.meta.url), join(root, entry)].forEach(add);
  return hash.digest("hex").slice(0, 16);
}

async function bundled(entry) {
  const file = join(cache, `${sourceKey(entry)}.mjs`);
  if (!existsSync(file)) {
    const { build } = await import("esbuild");
    mkdirSync(cache, { recursive: true });
    const scratch = `${file}.${process.pid}`;
    await build({
      entryPoints: [join(root, entry)],
      absWorkingDir: root,
      outfile: scratch,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      // What is read at every start lies in the one file; Pulumi's SDK must stay the one that the engine's host loads too, and the
      // rest is loaded by few commands, or is no ESM.
      external: ["@pulumi/*", "@kubernetes/*", "esbuild", "yaml"],
      logLevel: "silent",
    });
    // Another one may be at the same work; whoever comes last leaves the same bytes.
    renameSync(scratch, file);
  }
  return file;
}

/** Imports a TypeScript module of ours, by its path from the project's root. */
export async function load(entry) {
  const file = process.features.typescript ? join(root, entry) : await bundled(entry);
  return import(pathToFileURL(file).href);
}
