/**
 * What ends the work of a step. One rule: a failure, the time limit and a SIGTERM all lead back, in time of its own, to what stood before,
 * wherever the release may still go back; only who has lost the right to write does nothing more. Who is killed meanwhile, at the end of the
 * pod's grace or at once, leaves a ledger that says so, and the next step goes on from there.
 */
import type { Context } from "../backup/context.ts";
import type { Overtaken } from "./ledger/ledger.ts";

export interface Contexts {
  /** Ends with the step's own: at its time limit, at SIGTERM. */
  readonly forward: Context;
  /** Begins to count when it is first asked for. @throws Overtaken when the right to write is lost; when its time is up */
  readonly back: () => Context;
  /** The right to write is lost: both end. */
  readonly lose: (error: Overtaken) => void;
}

/** @param seconds for the way back. */
export function contextsOf(context: Context, seconds: number): Contexts {
  const lost = new AbortController();
  const own = new AbortController();
  const until = (signal: AbortSignal, abort: Context["abort"]): Context => ({
    ...context,
    signal: AbortSignal.any([signal, lost.signal]),
    abort,
  });
  const forward = until(context.signal, context.abort);
  const back = until(own.signal, (reason) => own.abort(reason));
  let limit: NodeJS.Timeout | undefined;
  return {
    forward,
    back: () => {
      back.signal.throwIfAborted();
      const late = () =>
        own.abort(new Error(`the way back took longer than ${seconds} s; the next step goes on with it`));
      limit ??= setTimeout(late, seconds * 1_000).unref();
      return back;
    },
    lose: (error) => lost.abort(error),
  };
}
