/**
 * Between the new schema and the switch somebody has to be there who can go back, also when whoever started the release never returns: the
 * process that migrated stays, and does what it is asked, or what the deadline asks.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Release, ReleaseEvent } from "../ledger/records.ts";
import { goBack } from "./back.ts";
import { verified } from "./forward.ts";
import { type Book, patiently, type Run, releaseOf, WentBack } from "./run.ts";

/** What whoever looked at the new set has found. */
export interface Verdict {
  readonly good: boolean;
  readonly reason: string;
}

const kind = "verdict";

/** The last verdict since the release was migrated. */
export function verdictIn(events: readonly ReleaseEvent[]): Verdict | undefined {
  const since = events.findLastIndex((event) => event.kind === "migrated" && event.site === "");
  const last = events.slice(since + 1).findLast((event) => event.kind === kind);
  const { good, reason } = (last?.facts ?? {}) as Partial<Verdict>;
  return last && { good: good === true, reason: reason ?? "no reason given" };
}

/** Asks whoever holds the release to let it pass, or to take it back. */
export const ask = (ledger: Book, id: string, verdict: Verdict): Promise<void> =>
  ledger.ask(id, kind, { good: verdict.good, reason: verdict.reason });

/** A server that is away for a moment is no reason to let go. */
async function look(run: Run): Promise<{ readonly release: Release; readonly events: readonly ReleaseEvent[] }> {
  const { ledger, wanted, signal } = run;
  try {
    return await patiently(
      () => signal.throwIfAborted(),
      async () => ({ release: await releaseOf(run), events: await ledger.events(wanted.id) }),
    );
  } catch (error) {
    if (signal.aborted) return goBack(run, signal.reason);
    throw error;
  }
}

/** Waits for the verdict on a migrated release, and acts on it. @throws WentBack when it went back */
export async function holdUntilVerdict(run: Run, pollMs = 1_000): Promise<void> {
  const { say, signal } = run;
  for (;;) {
    const { release, events } = await look(run);
    if (release.state !== "migrated") {
      return;
    }
    // Nobody is left to hold it.
    if (signal.aborted) await goBack(run, signal.reason);
    const verdict = verdictIn(events);
    if (verdict?.good === true) {
      await run.point("verified");
      await verified(run);
      say("the new set serves; nothing goes back by itself from here on");
      return;
    }
    if (verdict !== undefined) {
      await goBack(run, new Error(verdict.reason));
    }
    if (release.leftMs <= 0) {
      await goBack(run, new Error("nobody verified the new set within its time"));
    }
    await sleep(Math.min(pollMs, release.leftMs), undefined, { signal }).catch(() => undefined);
  }
}

/** Waits, as whoever asked, until the release has passed or is back. @throws WentBack */
export async function awaitVerdict(
  ledger: Pick<Book, "release">,
  id: string,
  pollMs = 1_000,
  signal?: AbortSignal,
): Promise<Release> {
  for (;;) {
    signal?.throwIfAborted();
    const release = await patiently(
      () => signal?.throwIfAborted(),
      () => ledger.release(id),
    );
    if (release === undefined) {
      throw new Error(`release ${id} is not in the ledger`);
    }
    if (release.state === "verified" || release.state === "confirmed") {
      return release;
    }
    if (release.state !== "migrated" && release.state !== "rolling_back") {
      throw new WentBack(`release ${id} is ${release.state}: ${release.reason}`);
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}
