/** Commands: triggers replace, everything else updates. Nothing is ever run here. Source: pulumi-command 1.2.1, provider/pkg. */
import type { OfflinePackage } from "../package.ts";
import { unknown } from "../value.ts";

export const command: OfflinePackage = {
  name: "command",
  check: ({ inputs }) => inputs,
  replaces: (_, { keys }) => keys[0] === "triggers",
  deletesFirst: () => false,
  outputs: (_, preview) => (preview ? { stdout: unknown, stderr: unknown } : { stdout: "", stderr: "" }),
};
