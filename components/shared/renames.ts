/**
 * The alias ledger. A logical name, a token or a parent that changes without an entry here makes Pulumi create the object anew
 * and delete the old one: of a volume or a key, that is the data. One entry a rename, with the version that made it; entries
 * stay for as long as a stack may still be older.
 *
 *   "mariadb-data": [{ name: "database-data" }], // since 0.3.0
 */
import type { Alias } from "@pulumi/pulumi";

export const renames: Readonly<Record<string, readonly Alias[]>> = {};
