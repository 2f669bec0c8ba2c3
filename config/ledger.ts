/** What a bench's ledger of releases is called on its database server. */
import { createHash } from "node:crypto";
import { limits } from "../constants/limits.ts";
import type { StackConfig } from "./stack.ts";

/**
 * The ledger's database, and the user that may read it: one of each for a bench, whose id never changes. What is too long for a user's
 * name is told apart by its hash.
 */
export function ledgerName({ bench }: { readonly bench: Pick<StackConfig["bench"], "id"> }): string {
  const name = `releases_${bench.id.replaceAll("-", "_")}`;
  if (name.length <= limits.schemaName) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, limits.schemaName - hash.length - 1)}_${hash}`;
}

/** Whose ledger it is. Two stacks on one server that take the same name for theirs are told apart by it, and refused. */
export const ledgerOwner = ({ bench, platform }: Pick<StackConfig, "bench" | "platform">): string =>
  `${platform.namespace}/${bench.id}`;
