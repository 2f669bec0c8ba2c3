import path from "node:path";
import { buildSync } from "esbuild";
import { root } from "./root.ts";

/**
 * A program of ours, which runs where nothing is installed beside it, as the text of one file that plain `node` runs; the same text for
 * the same source.
 * @param entry its first file, from the project's folder.
 */
export function bundleProgram(entry: string): string {
  const first = path.join(root, entry);
  const result = buildSync({
    entryPoints: [first],
    absWorkingDir: path.dirname(first),
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
  if (file === undefined) throw new Error(`esbuild gave no file for ${entry}`);
  return file.text;
}
