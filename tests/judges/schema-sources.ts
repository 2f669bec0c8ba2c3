// The modules that carry the API schemas, downloaded by Go from its module proxy and checked twice: by Go itself, and here
// against tests/judges/modules/go.sum. Nothing of them is committed, compiled or run.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { findTool } from "../support/tools.ts";

export interface SourceModule {
  module: string;
  version: string;
  /** The unpacked module, read-only in Go's own cache. */
  folder: string;
}

const folder = new URL("./modules/", import.meta.url);
const goMod = readFileSync(new URL("go.mod", folder), "utf8");
export const goSum = readFileSync(new URL("go.sum", folder), "utf8");

/** What go.mod pins, as `module@version`. */
export const pinnedModules: readonly string[] = [...goMod.matchAll(/^\t(\S+) (v\S+)$/gm)].map(
  ([, m, v]) => `${m}@${v}`,
);

/** Downloads all pinned modules (seconds when Go has them already), or throws with Go's own words. */
export function downloadSources(): Map<string, SourceModule> {
  const go = findTool("go");
  if (go === undefined) {
    throw new Error(
      "go is missing: the judges take the API schemas from Go modules; install Go 1.26 (https://go.dev/dl)",
    );
  }
  const answer = download(go);
  const modules = parseStream(answer).map((entry) => {
    const { Path = "", Version = "", Dir = "", Sum = "", Error: error } = entry;
    if (error) throw new Error(`go mod download ${Path}@${Version}: ${error}`);
    if (!goSum.includes(`${Path} ${Version} ${Sum}\n`)) {
      throw new Error(`${Path}@${Version} is not what go.sum pins: ${Sum}`);
    }
    return { module: Path, version: Version, folder: Dir };
  });
  return new Map(modules.map((module) => [module.module, module]));
}

function download(go: string): string {
  try {
    return execFileSync(go, ["mod", "download", "-json", ...pinnedModules], {
      cwd: folder,
      encoding: "utf8",
      timeout: 10 * 60_000,
      maxBuffer: 16 << 20,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    if (stdout?.includes('"Error"')) return stdout;
    throw new Error(`go mod download failed: ${stderr?.trim() || String(error)}`, { cause: error });
  }
}

type Entry = Partial<Record<"Path" | "Version" | "Dir" | "Sum" | "Error", string>>;

/** Go writes one JSON object after another, each closed by a brace in the first column. */
function parseStream(text: string): Entry[] {
  return text
    .split(/(?<=^\})\n/m)
    .filter((part) => part.trim() !== "")
    .map((part) => JSON.parse(part) as Entry);
}
