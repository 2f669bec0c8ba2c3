/**
 * Who may run: each role of the bench asks before it starts, whoever started it (an autoscaler, a restart, `--target`). New code never runs
 * before its schema is there, old code never on a new one, and nobody while a schema is half way. A release of code only is on trial first:
 * its web may then run beside the old one's, on the same schema; its workers and its scheduler would do the old ones' work.
 */
import type { Guarded, Role } from "../constants/ledger.ts";
import type { Release } from "./ledger/records.ts";
import type { ReleaseState } from "./machine.ts";

/** What of a release decides. `leftMs` is counted by the database server's clock. */
export type Stand = Pick<Release, "id" | "state" | "leftMs">;

/** What the schema of every site is at, where that is certain. */
type Schema = { readonly of: string } | { readonly unsure: string };

/** The release is on the schema, whether or not writes are open. */
const onSchema: readonly ReleaseState[] = ["migrated", "verified", "confirmed"];
/** Nothing of it was written, or all of it was put back. */
const notWritten: readonly ReleaseState[] = [
  ...["prepared", "backed_up", "trial", "closing", "closed", "sealed"],
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
export function mayNotRun(releases: readonly Stand[], id: string, role: Guarded): string | undefined {
  if (role === "door") {
    return notVerifying(releases, id);
  }
  const schema = schemaOf(releases);
  if ("unsure" in schema) {
    return schema.unsure;
  }
  if (schema.of === id) {
    return undefined;
  }
  const own = releases.find((release) => release.id === id);
  return own?.state === "trial" ? notOnTrial(own, role) : `the schema is that of release ${schema.of}`;
}

function notOnTrial({ id, leftMs }: Stand, role: Role): string | undefined {
  if (role !== "web") {
    return `release ${id} is on trial: until it is verified only its web runs beside the old release`;
  }
  return leftMs > 0 ? undefined : `the time of the trial of release ${id} is up`;
}

/** States in which the new set is looked at. */
const verifying: readonly ReleaseState[] = ["migrated", "trial"];

/** Milliseconds before the deadline by which a check's web is gone: from then on a seal may be put back at any moment. */
export const doorMarginMs = 15_000;

function notVerifying(releases: readonly Stand[], id: string): string | undefined {
  const own = releases.find((release) => release.id === id);
  if (own === undefined || !verifying.includes(own.state)) {
    return `release ${id} is ${own?.state ?? "not begun"}, and not being verified`;
  }
  return own.leftMs > doorMarginMs ? undefined : `the time to verify release ${id} is up`;
}

/** Taken back, so that no request may meet it any more. */
const takenBack: readonly ReleaseState[] = ["aborting", "aborted"];

/**
 * Why a process of release `id` that runs has to end; undefined: it may go on. Web goes on while others are released, as it does without
 * a guard beside it, until its pods are deleted: a request that comes meanwhile is answered, if only by the maintenance page. It ends when
 * its own trial has failed, or nobody has judged it in time.
 */
export function mayNotGoOn(releases: readonly Stand[], id: string, role: Guarded): string | undefined {
  if (role !== "web") {
    return mayNotRun(releases, id, role);
  }
  const own = releases.find((release) => release.id === id);
  if (own === undefined) {
    return undefined;
  }
  return own.state === "trial"
    ? notOnTrial(own, role)
    : takenBack.includes(own.state)
      ? `release ${id} is ${own.state}`
      : undefined;
}
