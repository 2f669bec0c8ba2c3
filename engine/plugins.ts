/** Whether Pulumi's own provider plugins are on this machine. Looked up as files: asking the engine would cost a second. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { environment } from "./environment.ts";

/** Packages whose resources the program declares. */
export const usedPackages = ["kubernetes", "random", "command"] as const;

const require = createRequire(import.meta.url);

/** Version of Pulumi's SDK for a package, here. */
export function sdkVersion(name: string): string {
  const manifest = require.resolve(`@pulumi/${name}/package.json`);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

function isInstalled(name: string): boolean {
  const folder = join(environment.pulumiHome(), "plugins");
  const wanted = `resource-${name}-v${sdkVersion(name)}`;
  const onPath = environment
    .path()
    .split(delimiter)
    .some((entry) => existsSync(join(entry, `pulumi-resource-${name}`)));
  return onPath || (existsSync(folder) && readdirSync(folder).includes(wanted));
}

/** Packages without a plugin here, of the version that the program asks for. */
export const missingPlugins = (): string[] => usedPackages.filter((name) => !isInstalled(name));
