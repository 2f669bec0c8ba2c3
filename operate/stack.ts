/** The stack that a command is about: its file, checked as a deployment would check it. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { parseConfig } from "../config/parse.ts";
import { ConfigError } from "../config/problems.ts";
import type { SecretKey } from "../config/secrets.ts";
import type { StackConfig } from "../config/stack.ts";
import { findStackFile, stackFileValues } from "../engine/stack-file.ts";

/** Name of the Pulumi project in a folder. */
export const projectName = (folder: string) =>
  (parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as { name: string }).name;

/**
 * @param wanted A stack's name, or the path of its file.
 * @param coming Secrets that the file may still lack.
 * @throws StackFileError where there is no such file; ConfigError with every problem of one that is wrong.
 */
export function loadStack(wanted: string, folder: string, coming: readonly SecretKey[] = []): StackConfig {
  const { path } = findStackFile(wanted, folder);
  const { values, secrets } = stackFileValues(path, projectName(folder));
  const parsed = parseConfig({ values, secrets: new Set([...secrets, ...coming]) });
  if (!parsed.ok) {
    throw new ConfigError(basename(path), parsed.problems);
  }
  return parsed.config;
}
