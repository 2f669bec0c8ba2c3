/** The one reader of Pulumi's configuration: parses it whole, and keeps plain values and secrets apart. */
import * as pulumi from "@pulumi/pulumi";
import * as runtimeConfig from "@pulumi/pulumi/runtime/config.js";
import { parseConfig, type RawConfig } from "./parse.ts";
import { ConfigError } from "./problems.ts";
import type { SecretKey } from "./secrets.ts";
import type { StackConfig } from "./stack.ts";

export interface LoadedConfig {
  readonly config: StackConfig;
  /** The secrets that the stack file holds; only as Outputs that the engine knows to be secret. */
  readonly secrets: Readonly<Partial<Record<SecretKey, pulumi.Output<string>>>>;
}

/** The SDK has it and marks it internal; nothing public tells a secret key without reading, and so warning about, its value. */
const { allConfig, isConfigSecret } = runtimeConfig as typeof runtimeConfig & {
  isConfigSecret(this: void, key: string): boolean;
};

/** Pulumi hands over every value as text: JSON for objects and lists, the bare text for scalars. */
function fromText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function rawConfig(project: string): RawConfig {
  const prefix = `${project}:`;
  const own = Object.entries(allConfig()).filter(([key]) => key.startsWith(prefix));
  const secrets = new Set(own.filter(([key]) => isConfigSecret(key)).map(([key]) => key.slice(prefix.length)));
  const values = own
    .map(([key, text]) => [key.slice(prefix.length), text] as const)
    .filter(([key]) => !secrets.has(key))
    .map(([key, text]) => [key, fromText(text)] as const);
  return { values: Object.fromEntries(values), secrets };
}

/**
 * The stack's configuration.
 * @throws RunError that lists every problem of the stack file.
 */
export function loadConfig(): LoadedConfig {
  const project = pulumi.getProject();
  const parsed = parseConfig(rawConfig(project));
  if (!parsed.ok) {
    // A RunError is shown as its message alone: a stack trace of ours would bury what the reader has to mend.
    throw new pulumi.RunError(new ConfigError(`Pulumi.${pulumi.getStack()}.yaml`, parsed.problems).message);
  }
  const reader = new pulumi.Config(project);
  const secrets = Object.fromEntries([...parsed.secrets].map((key) => [key, reader.requireSecret(key)]));
  return { config: parsed.config, secrets };
}
