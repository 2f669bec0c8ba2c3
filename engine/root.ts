/** The project's folder, found from wherever this code runs: as source, or as a bundle beneath node_modules. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function above(folder: string): string {
  if (existsSync(join(folder, "Pulumi.yaml"))) {
    return folder;
  }
  const parent = dirname(folder);
  if (parent === folder) {
    throw new Error("no Pulumi.yaml above this program; run it from a checkout of the project");
  }
  return above(parent);
}

export const root = above(dirname(fileURLToPath(import.meta.url)));
