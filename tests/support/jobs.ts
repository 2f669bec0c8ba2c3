/** Which test files share a process, and in which order the processes start. */
import { readdirSync } from "node:fs";
import path from "node:path";
import type { Job } from "./mocha.ts";

/** Folders whose files each start engines, servers or sandboxes: a process for each file. Others share one, which loads the program once. */
const apart = new Set(["backup", "engine", "judges", "live", "release", "validity"]);
/**
 * Begun first: what others would wait for on a new machine (programs that Go builds), then the longest, so that none of them runs
 * alone at the end; `npm test` shows the slowest. A name that is gone does no harm.
 */
const first = [
  "judges/exporters",
  "release/meanwhile",
  "release/twenty-sites",
  "release/kills",
  "release/undo-servers",
  "release/faults",
  "release/checks",
  "release/sites",
  "release/two-runners",
  "release/gates",
  "release/rolling",
  "backup/faults",
  "backup/store",
  "backup/restore",
  "validity/connectivity",
  "components",
  "config",
  "golden",
  "engine/policy",
];
/** Run by commands of their own. */
const elsewhere = new Set(["cluster"]);

/** @param tests the folder of tests/ */
export function jobsOf(tests: string): Job[] {
  const files = readdirSync(tests, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".spec.ts"));
  const byName = new Map<string, string[]>();
  for (const file of files.sort()) {
    const [folder = ""] = file.split(path.sep, 1);
    if (elsewhere.has(folder)) continue;
    const name = apart.has(folder) ? file.replace(/\.spec\.ts$/, "") : folder;
    byName.set(name, [...(byName.get(name) ?? []), path.join("tests", file)]);
  }
  const rank = ({ name }: Job) => {
    const at = first.findIndex((each) => name.startsWith(each));
    return at === -1 ? first.length : at;
  };
  return [...byName].map(([name, list]) => ({ name, files: list })).sort((one, other) => rank(one) - rank(other));
}
