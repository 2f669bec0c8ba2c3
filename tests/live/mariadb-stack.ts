import assert from "node:assert/strict";
import type { MariadbOptions } from "../judges/mariadb.ts";
import { planOf } from "../support/record-stack.ts";
import type { StackName } from "../support/stacks.ts";

/** Every committed stack with a MariaDB of ours, and who runs it. */
export const stacks = { dev: "embedded", staging: "embedded", prod: "operator" } as const satisfies Partial<
  Record<StackName, string>
>;

/** my.cnf as the pod gets it, by our ConfigMap or by the operator. */
export function rendered(stack: keyof typeof stacks): string {
  const { database } = planOf(stack);
  assert.equal(database.mode, stacks[stack]);
  const text = database.mode === "embedded" ? database.embedded.files.files["frappe.cnf"] : undefined;
  return text ?? (database.mode === "operator" ? String(database.cluster.cluster.spec["myCnf"]) : "");
}

/** The operator's members have more memory than a machine that tests: the buffer pool alone is made smaller there. */
export const optionsOf = (stack: keyof typeof stacks): MariadbOptions => ({
  config: rendered(stack),
  ...(stacks[stack] === "operator" && { arguments: ["--innodb-buffer-pool-size=64M"] }),
});
