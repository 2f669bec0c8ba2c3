/**
 * What the gates of a release would say if it began now. The engine shows the release that it has last updated to, and the ledger alone
 * knows which one stands and which has begun: so this is for the reviewer, and the runner decides.
 */
import type { Gates, Kinds } from "../gates/declared.ts";
import { changed, changedText, judge } from "../gates/judge.ts";
import type { App } from "../gates/proof.ts";

/** What a manifest says of it; one that an earlier version wrote says less. */
export interface Gated {
  readonly releaseId: string;
  readonly image: string;
  readonly apps?: readonly App[];
  readonly rollbackTo?: string;
  readonly kinds?: Kinds;
  readonly gates?: Gates;
}

/**
 * @param from undefined where nothing is known to stand: of a first release there is nothing to say
 * @param now milliseconds since 1970
 */
export function gateLines(from: Gated | undefined, to: Gated, now: number): string[] {
  if (from === undefined || from.releaseId === to.releaseId) return [];
  const kinds = changed(from.kinds, to.kinds);
  const { releaseId: id, apps = [] } = to;
  const { problems, excepted } = judge({ ...to, id, apps }, { id: from.releaseId, kinds: from.kinds }, now);
  return [
    ...(kinds.length > 0 ? [`  changes    ${changedText(kinds)}`] : []),
    ...problems.map((problem) => `  gate       would refuse it now, unless it has begun: ${problem}`),
    ...(excepted === undefined
      ? []
      : [
          `  exception  ${excepted.gates.join(", ")} until ${excepted.until}, agreed by ${excepted.by}: ${excepted.reason}`,
        ]),
  ];
}
