/**
 * Who may run: each role of the bench asks before it starts, whoever started it (an autoscaler, a restart, `--target`). New code never runs
 * before its schema is there, old code never on a new one, and nobody while a schema is half way.
 */
import type { Release } from "./ledger/records.ts";
import type { ReleaseState } from "./machine.ts";

/** What of a release decides. */
export type Stand = Pick<Release, "id" | "state">;

/** What the schema of every site is at, where that is certain. */
type Schema = { readonly of: string } | { readonly unsure: string };

/** The release is on the schema, whether or not writes are open. */
const onSchema: readonly ReleaseState[] = ["migrated", "verified", "confirmed"];
/** Nothing of it was written, or all of it was put back. */
const notWritten: readonly ReleaseState[] = [
  ...["prepared", "backed_up", "closing", "closed", "sealed"],
  ...["aborting", "aborted", "rolled_back"],
] as ReleaseState[];

function schemaOf(releases: readonly Stand[]): Schema {
  const last = releases.findLast(({ state }) => !notWritten.includes(state));
  if (last === undefined) {
    return { unsure: "no release has been migrated yet" };
  }
  return onSchema.includes(last.state)
    ? { of: last.id }
    : { unsure: `release ${last.id} is ${last.state}, and the schema half way` };
}

/** Why a process of release `id` has to wait; undefined: it may run. */
export function mayNotRun(releases: readonly Stand[], id: string): string | undefined {
  const schema = schemaOf(releases);
  if ("unsure" in schema) {
    return schema.unsure;
  }
  return schema.of === id ? undefined : `the schema is that of release ${schema.of}`;
}
