/** The committed stack files, read as the engine would hand them over. */
import { fileURLToPath } from "node:url";
import { parseConfig, type RawConfig } from "../../config/parse.ts";
import { ConfigError } from "../../config/problems.ts";
import type { StackConfig } from "../../config/stack.ts";
import { stackFileValues } from "../../engine/stack-file.ts";

const root = new URL("../../", import.meta.url);

/** Every stack file that goldens and judges look at, by stack name. */
export const stackFiles = {
  dev: "Pulumi.dev.yaml",
  staging: "Pulumi.staging.yaml",
  prod: "Pulumi.prod.yaml",
  postgres: "tests/stacks/Pulumi.postgres.yaml",
  "postgres-embedded": "tests/stacks/Pulumi.postgres-embedded.yaml",
  external: "tests/stacks/Pulumi.external.yaml",
} as const;

export type StackName = keyof typeof stackFiles;
export const stackNames = Object.keys(stackFiles) as StackName[];

export const readStackFile = (stack: StackName): RawConfig =>
  stackFileValues(fileURLToPath(new URL(stackFiles[stack], root)), "frappe");

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- raw values have no type yet, and tests break them on purpose
export type Change = (values: Record<string, any>) => void;

/** Other sites in place of the declared ones; a service's routes then hold for all of them. */
export function replaceSites(values: Parameters<Change>[0], sites: readonly object[]): void {
  values["sites"] = sites;
  for (const { routes } of Object.values(
    (values["services"] ?? {}) as Record<string, { routes: { hosts?: unknown }[] }>,
  )) {
    routes.forEach((route) => delete route.hosts);
  }
}

/** The parsed configuration of a committed stack, with `change` made to a copy of its raw values first, and `more` secrets. */
export function stackConfig(stack: StackName, change: Change = () => {}, more: readonly string[] = []): StackConfig {
  const raw = readStackFile(stack);
  const values = structuredClone(raw.values);
  change(values);
  const parsed = parseConfig({ values, secrets: new Set([...raw.secrets, ...more]) });
  if (!parsed.ok) {
    throw new ConfigError(stackFiles[stack], parsed.problems);
  }
  return parsed.config;
}
