/** The committed stack files, read as the engine would hand them over. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { parseConfig, type RawConfig } from "../../config/parse.ts";
import { ConfigError } from "../../config/problems.ts";
import type { StackConfig } from "../../config/stack.ts";

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

export function readStackFile(stack: StackName): RawConfig {
  const text = readFileSync(new URL(stackFiles[stack], root), "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  const entries = Object.entries(config).map(([key, value]) => [key.replace(/^frappe:/, ""), value] as const);
  const isSecret = (value: unknown) => typeof value === "object" && value !== null && "secure" in value;
  return {
    values: Object.fromEntries(entries.filter(([, value]) => !isSecret(value))),
    secrets: new Set(entries.filter(([, value]) => isSecret(value)).map(([key]) => key)),
  };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- raw values have no type yet, and tests break them on purpose
export type Change = (values: Record<string, any>) => void;

/** The parsed configuration of a committed stack, with `change` made to a copy of its raw values first. */
export function stackConfig(stack: StackName, change: Change = () => {}): StackConfig {
  const raw = readStackFile(stack);
  const values = structuredClone(raw.values);
  change(values);
  const parsed = parseConfig({ values, secrets: raw.secrets });
  if (!parsed.ok) {
    throw new ConfigError(stackFiles[stack], parsed.problems);
  }
  return parsed.config;
}
