/** The gate: our policy pack, from the day that there is one. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What tells `pulumi preview` to have the pack of the project in `folder` judge it; nothing where there is no pack. */
export const policyPackFlags = (folder: string): readonly string[] =>
  existsSync(join(folder, "policies/PulumiPolicy.yaml"))
    ? ["--policy-pack", join(folder, "engine/policy-pack.mjs")]
    : [];
