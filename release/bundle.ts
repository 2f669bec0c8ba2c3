import path from "node:path";
import { buildSync } from "esbuild";
import { root } from "../engine/root.ts";

// Not from `import.meta`: on Node 20 this file is part of a bundle beneath node_modules.
const folder = path.join(root, "release");

/** The release runner as the text of one file that plain `node` runs; the same text for the same source. */
export function bundleRelease(): string {
  const result = buildSync({
    entryPoints: [path.join(folder, "main.ts")],
    absWorkingDir: folder,
    bundle: true,
    charset: "utf8",
    format: "cjs",
    legalComments: "none",
    minify: true,
    platform: "node",
    target: "node20",
    write: false,
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error("esbuild gave no file for the release runner");
  return file.text;
}
