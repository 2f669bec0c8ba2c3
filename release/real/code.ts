/**
 * What of an image's code makes `bench migrate` necessary, as one hash for each app and kind of file: two images with the same hashes differ
 * in code alone. The kinds are those by which Frappe's own hosting tells a deploy that migrates from one that does not (press,
 * app_release_difference.py): what `migrate` reads and writes into a site's database (frappe/migrate.py, frappe/model/sync.py).
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { ReleaseJob } from "../job.ts";
import type { Code } from "../world.ts";

/** By path inside the app's package; the first that matches. */
const kinds = {
  patches: /^patches\.txt$/,
  hooks: /^hooks\.py$/,
  fixtures: /^fixtures\//,
  "custom fields": /^[^/]+\/custom\//,
  languages: /^geo\/languages\.json$/,
  // DocTypes, reports, pages, workspaces, print formats: <module>/<type>/<name>/<name>.json
  documents: /^(?:[^/]+\/)+([^/]+)\/\1\.json$/,
} as const;

/** Folders that hold none of these, and thousands of others. */
const passed = ["node_modules", "public", ".git", "__pycache__"];

const kindOf = (file: string): string | undefined =>
  Object.entries(kinds).find(([, pattern]) => pattern.test(file))?.[0];

/** Paths below a folder, in the order of their bytes: the same on every machine. Folders behind links are other packages' own. */
async function filesIn(folder: string, below = ""): Promise<readonly string[]> {
  const entries = await readdir(path.join(folder, below), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const at = below === "" ? entry.name : `${below}/${entry.name}`;
    if (!entry.isDirectory()) found.push(at);
    else if (!passed.includes(entry.name)) found.push(...(await filesIn(folder, at)));
  }
  return found.sort((a, b) => (a < b ? -1 : 1));
}

async function hashesOf(app: string, folder: string): Promise<Code[string]> {
  const hashes: Record<string, ReturnType<typeof createHash>> = {};
  for (const file of await filesIn(folder)) {
    const kind = kindOf(file);
    if (kind === undefined) continue;
    const content = createHash("sha256")
      .update(await readFile(path.join(folder, file)))
      .digest("hex");
    (hashes[kind] ??= createHash("sha256")).update(`${file}\0${content}\n`);
  }
  if (hashes["hooks"] === undefined) {
    throw new Error(
      `${app}: the image has no apps/${app}/${app}/hooks.py: build it with this app, or declare it without`,
    );
  }
  return Object.fromEntries(Object.entries(hashes).map(([kind, hash]) => [kind, hash.digest("hex").slice(0, 32)]));
}

/** Of each app that the image is declared to have. @throws where it lacks one */
export async function codeOf({ bench, release }: Pick<ReleaseJob, "bench" | "release">): Promise<Code> {
  const found: Record<string, Code[string]> = {};
  for (const { name } of release.apps) {
    found[name] = await hashesOf(name, path.join(bench.folder, "apps", name, name)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      throw new Error(`${name}: the image has no apps/${name}/${name}: build it with this app, or declare it without`);
    });
  }
  return found;
}
