// What holds of every release, and the tests that hold it.
import { at, backup, cluster, release } from "./held.ts";

/** What holds of every release beside I1 to I11, which tests of release/invariants name. */
export const invariants: Readonly<Record<string, readonly string[]>> = {
  I12: [release("kills", "I12 shows no secret in anything that any of them has said")],
  I13: [
    backup("restore", "refuses a snapshot of another site, an unverified one, and one that does not exist"),
    backup("restore", "refuses a snapshot of another database"),
    release("other-server", "I13 puts no seal into it, though it has the site's database and lets the same users in"),
  ],
  I14: [backup("runs", "leave what the retention says, and unverified snapshots apart")],
  I15: [
    at(
      "components/release.spec.ts",
      "runs a step again for another release alone, whatever else about the command or the stack changes",
    ),
    cluster("arrival", "finds the cluster as it left it, asked by refresh, and changes nothing after that either"),
    cluster("departure", "and leaves what holds data where it was"),
  ],
  I16: [release("refusals", "I16 refuses while the clock is far off")],
};
