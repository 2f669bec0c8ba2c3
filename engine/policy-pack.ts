/** The gate: our policy pack, from the day that there is one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** What the stack file says that its stack is for; undefined where it says nothing that could be one. */
function environmentOf(stackFile: string): string | undefined {
  const { config } = parse(readFileSync(stackFile, "utf8")) as { config?: Readonly<Record<string, unknown>> };
  const environment = config?.["frappe:environment"];
  return typeof environment === "string" && /^[a-z]+$/.test(environment) ? environment : undefined;
}

/**
 * What tells `pulumi preview` to have the pack of the project in `folder` judge a stack at the levels of its environment; nothing
 * where there is no pack. Where the environment has no levels of its own those of production hold, which are the pack's.
 */
export function policyPackFlags(folder: string, stackFile: string): readonly string[] {
  if (!existsSync(join(folder, "policies/PulumiPolicy.yaml"))) {
    return [];
  }
  const levels = join(folder, "policies/config", `${environmentOf(stackFile) ?? "prod"}.json`);
  const pack = ["--policy-pack", join(folder, "engine/policy-pack.mjs")];
  return existsSync(levels) ? [...pack, "--policy-pack-config", levels] : pack;
}
