/** Questions to an API server that may be away for a while: what runs in the cluster goes on meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException } from "@kubernetes/client-node";
import { clusterMessage, NoAnswerError } from "./cluster.ts";

/** Times of following a Job, in milliseconds. */
export interface Pace {
  readonly poll: number;
  /** Until a pod that something keeps from starting is given up on. */
  readonly hindered: number;
  /** Until a pod that does not start is given up on, whatever the cause: a big image is pulled for minutes. */
  readonly start: number;
  /** A log without a line for so long may be a connection that is dead: it is opened anew. */
  readonly silence: number;
  /** For one answer of the API server. */
  readonly answer: number;
}

export const usualPace: Pace = { poll: 2000, hindered: 100_000, start: 600_000, silence: 30_000, answer: 30_000 };

/** Times that a question is asked again while the API server is away, or has too much to do. */
const patience = 90;
/** Times for an answer that is none of a server in trouble: one that has just started may not know our rights yet. */
const doubts = 5;

const isPassing = (error: unknown): boolean =>
  error instanceof ApiException ? error.code === 429 || error.code >= 500 : clusterMessage(error) !== undefined;

/** Whether an API server says that something is there already, or was changed meanwhile. */
export const isConflict = (error: unknown): boolean => error instanceof ApiException && error.code === 409;

/** @throws NoAnswerError where there is none in time. */
export async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: over.signal }).then(() => {
    throw new NoAnswerError(`nothing in ${milliseconds / 1000} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    over.abort();
  }
}

/**
 * Asks until there is an answer, for a bounded time.
 * @throws what the last question came to; a conflict at once, since asking again cannot help.
 */
export async function patiently<T>(ask: () => Promise<T>, pace: Pace, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await within(pace.answer, ask());
    } catch (error) {
      const bound = isPassing(error) ? patience : doubts;
      if (attempt >= bound || isConflict(error) || clusterMessage(error) === undefined) {
        throw error;
      }
      await sleep(pace.poll, undefined, { signal });
    }
  }
}
