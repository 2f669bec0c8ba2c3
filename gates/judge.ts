/** Whether a release may begin now: what its gates have against it, and which of them an exception has opened. */
import type { Exception, GateName, Gates, Kinds } from "./declared.ts";
import { whyNot } from "./exception.ts";
import { frozenAt, wallText } from "./freeze.ts";
import { isSameCode, type Made, unproven, utc } from "./proof.ts";

/** A release that is to begin. */
export interface Beginning extends Made {
  readonly id: string;
  /** It migrates nothing. */
  readonly codeOnly?: boolean;
  readonly rollbackTo?: string;
  readonly kinds?: Kinds;
  readonly gates?: Gates;
}

/** The release that stands. */
export interface Standing {
  readonly id: string;
  /** Missing: it was made before these were written down. */
  readonly kinds?: Partial<Kinds> | undefined;
  /** The code of every release that has stood, the oldest first, this one's last. Missing: nobody has asked the ledger. */
  readonly stood?: readonly Made[];
}

/** For the record: gates that would have refused the release, and who has let it pass. */
export type Excepted = Pick<Exception, "gates" | "reason" | "by" | "until">;

export interface Judged {
  /** Each with its remedy. */
  readonly problems: readonly string[];
  readonly excepted?: Excepted;
}

const keys: Readonly<Record<keyof Kinds, string>> = {
  code: "frappe:image",
  sites: "frappe:sites",
  settings: "frappe:bench or frappe:database",
};

/** Kinds of things in which a release differs from the one that stands; none where that cannot be told. */
export const changed = (from: Standing["kinds"], to: Kinds | undefined): readonly (keyof Kinds)[] =>
  from === undefined || to === undefined
    ? []
    : (Object.keys(keys) as (keyof Kinds)[]).filter((kind) => from[kind] !== undefined && from[kind] !== to[kind]);

export const changedText = (kinds: readonly (keyof Kinds)[]): string =>
  kinds.map((kind) => `${kind} (${keys[kind]})`).join(", ");

/** What each gate has against a release, whatever its exception says. */
function against(release: Beginning, stands: Standing | undefined, at: number): ReadonlyMap<GateName, string> {
  const { freeze, oneChange = false, staging, proof } = release.gates ?? {};
  const found = new Map<GateName, string>();
  // Nobody works with a stack that no release has stood in yet: there is nothing to freeze.
  const frozen = freeze === undefined || stands === undefined ? undefined : frozenAt(freeze, at);
  if (freeze !== undefined && frozen !== undefined) {
    found.set(
      "freeze",
      `no release begins from ${frozen.window} (frappe:release.gates.freeze): wait until ${wallText(freeze.timeZone, frozen.until)}, ${utc(frozen.until)}`,
    );
  }
  const kinds = oneChange && stands !== undefined ? changed(stands.kinds, release.kinds) : [];
  if (stands !== undefined && kinds.length > 1) {
    found.set(
      "oneChange",
      `against release ${stands.id}, which stands, ${changedText(kinds)} change at once: release them one after the other`,
    );
  }
  const problem = staging === undefined ? undefined : unproven(staging, proof, release, at);
  if (problem !== undefined) found.set("staging", problem);
  return found;
}

/** Whether code goes back to what has stood here before: what release.rollbackTo cannot do where nothing was sealed. */
function isReturn(release: Beginning, { stood = [] }: Standing): boolean {
  const stands = stood.at(-1);
  return (
    release.codeOnly === true &&
    stands !== undefined &&
    !isSameCode(stands, release) &&
    stood.some((made) => isSameCode(made, release))
  );
}

/**
 * Judges a release that is to begin. One that goes back on purpose passes, with its data or code alone: a way back waits for nothing.
 * @param stands the release that it follows; undefined: none has stood yet
 * @param at milliseconds since 1970
 */
export function judge(release: Beginning, stands: Standing | undefined, at: number): Judged {
  if (release.rollbackTo !== undefined || (stands !== undefined && isReturn(release, stands))) return { problems: [] };
  const found = against(release, stands, at);
  const { exception } = release.gates ?? {};
  const invalid = exception === undefined ? undefined : whyNot(exception, release.id, at);
  const opens = (gate: GateName) => invalid === undefined && exception?.gates.includes(gate) === true;
  const passed = [...found.keys()].filter(opens);
  const held = [...found].filter(([gate]) => !opens(gate));
  const but = invalid === undefined ? "" : `; frappe:release.exception ${invalid}`;
  const problems = held.map(
    ([gate, problem]) =>
      `${problem}; or, where it cannot be otherwise, let it pass by frappe:release.exception with release: "${release.id}" and gates: [${gate}]${but}`,
  );
  if (exception === undefined || passed.length === 0) return { problems };
  const { reason, by, until } = exception;
  return { problems, excepted: { gates: passed, reason, by, until } };
}
