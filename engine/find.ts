/**
 * Finds a Pulumi engine, or gets one: on the PATH, among those already installed, by Pulumi's own download, or built from pinned
 * Go modules. Each step says what it does, and where it fails, why.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { buildEngine } from "./build.ts";
import { downloadEngine } from "./download.ts";
import { environment } from "./environment.ts";
import { run } from "./run.ts";
import { engineVersions, isAtLeast } from "./versions.ts";

export interface Engine {
  /** The program. */
  readonly pulumi: string;
  /** Its folder, to be first on the PATH: the language host is found there. */
  readonly bin: string;
  readonly version: string;
  readonly source: "path" | "installed" | "download" | "modules";
}

export type Report = (line: string) => void;

export class NoEngineError extends Error {}

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

export const versionBin = (version: string): string => join(environment.pulumiHome(), "versions", version, "bin");

async function versionOf(pulumi: string): Promise<string | undefined> {
  const env = environment.forChild({ PULUMI_SKIP_UPDATE_CHECK: "true" });
  const { code, stdout } = await run([pulumi, "version"], { seconds: 30, env });
  return code === 0 ? stdout.trim().replace(/^v/, "") : undefined;
}

/** @param known Version by the folder that it was installed into; asking the program costs a quarter of a second. */
async function usable(bin: string, source: Engine["source"], known?: string): Promise<Engine | string> {
  const pulumi = join(bin, "pulumi");
  if (!isExecutable(pulumi)) {
    return `no pulumi in ${bin}`;
  }
  if (!isExecutable(join(bin, "pulumi-language-nodejs"))) {
    return `${pulumi} has no pulumi-language-nodejs beside it`;
  }
  const version = known ?? (await versionOf(pulumi).catch((error: unknown) => String(error)));
  if (version === undefined || !isAtLeast(version, engineVersions.minimum)) {
    return `${pulumi} is ${version === undefined || version === "" ? "of no known version" : version}, and ${engineVersions.minimum} or newer is needed`;
  }
  return { pulumi, bin, version, source };
}

/** Pulumi as the user installed it. */
async function onPath(report: Report): Promise<Engine | undefined> {
  const folders = environment
    .path()
    .split(delimiter)
    // npm puts the project's own programs first; a `pulumi` among them is a downloader, not an engine.
    .filter(
      (entry) => entry !== "" && !entry.endsWith(join("node_modules", ".bin")) && isExecutable(join(entry, "pulumi")),
    );
  for (const folder of new Set(folders)) {
    const found = await usable(folder, "path");
    if (typeof found !== "string") {
      return found;
    }
    report(`engine: ${found}; looking further`);
  }
  return undefined;
}

async function installed(): Promise<Engine | undefined> {
  for (const version of [engineVersions.download, engineVersions.module]) {
    const found = await usable(versionBin(version), "installed", version);
    if (typeof found !== "string") {
      return found;
    }
  }
  return undefined;
}

/** A way to get an engine that has failed: why, for the message at the end. */
interface Failure {
  readonly what: string;
  readonly why: string;
}

/**
 * The engine to use.
 * @throws NoEngineError with every way that was tried, and what to do.
 */
export async function findEngine(report: Report): Promise<Engine> {
  const ready = (await onPath(report)) ?? (await installed());
  if (ready) {
    return ready;
  }
  const failures: Failure[] = [];
  const ways = [
    { what: `Pulumi's download of ${engineVersions.download}`, source: "download", get: downloadEngine },
    { what: `building ${engineVersions.module} from Go modules`, source: "modules", get: buildEngine },
  ] as const;
  for (const { what, source, get } of ways) {
    try {
      report(`engine: none here yet; ${what} …`);
      const found = await usable(dirname(await get(report)), source);
      if (typeof found !== "string") {
        report(`engine: ready, ${found.version} in ${found.bin}`);
        return found;
      }
      failures.push({ what, why: found });
    } catch (error) {
      failures.push({ what, why: error instanceof Error ? error.message : String(error) });
    }
    report(`engine: ${failures.at(-1)?.what} failed: ${failures.at(-1)?.why}`);
  }
  throw new NoEngineError(
    [
      `no Pulumi engine ${engineVersions.minimum} or newer could be found or made:`,
      ...failures.map(({ what, why }) => `  ${what}: ${why}`),
      "Install Pulumi (https://www.pulumi.com/docs/install), or Go 1.26 or newer, and try again.",
    ].join("\n"),
  );
}
