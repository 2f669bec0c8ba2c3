/** Waits until an object is as it should be, says what it waits for meanwhile, and is bounded in time. */
import { setTimeout as sleep } from "node:timers/promises";
import { groupKind } from "../../../engine/offline/rules/kubernetes.ts";
import type { Properties } from "../../../engine/offline/value.ts";
import type { Work } from "../provider.ts";
import { ApiError, type Client } from "./client.ts";
import { lookOf, type Look } from "./look.ts";
import { annotation, metadataOf } from "./object.ts";
import type { Paths } from "./paths.ts";
import { textOf, type Readiness, type Rule } from "./readiness.ts";
import { asked } from "./waits/asked.ts";
import { others } from "./waits/others.ts";
import { workloads } from "./waits/workloads.ts";

const rules: Readonly<Record<string, Rule>> = { ...workloads, ...others };

/** Seconds that the official provider waits where nobody says otherwise. */
const usualSeconds = 600;

/** Milliseconds between two looks: close at first, since most things take a second or two. */
const pace = { first: 250, most: 1000, growth: 1.2 };

/** Both `core/v1:Pod` of the SDK and custom kinds. */
export function ruleOf(type: string, object: Properties): Rule | undefined {
  const own = annotation(object, "waitFor");
  return own === undefined ? rules[groupKind(type)] : { check: asked(own) };
}

export const isAwaited = (object: Properties): boolean => annotation(object, "skipAwait") !== "true";

/** Seconds: customTimeouts, else `pulumi.com/timeoutSeconds`, else what is usual for the kind. */
export function secondsFor(work: Work, object: Properties, rule?: Rule): number {
  const annotated = Number(annotation(object, "timeoutSeconds"));
  return work.timeout ?? (annotated > 0 ? annotated : (rule?.seconds ?? usualSeconds));
}

export interface Waited {
  /** As it was seen last. */
  readonly live: Properties;
  /** Why it is not ready; empty where it is. */
  readonly reasons: readonly string[];
}

/** `Deployment web` */
export const nameOf = (object: Properties): string =>
  `${textOf(object, "kind", "object")} ${metadataOf(object).name ?? ""}`;

/** An answer that another moment may better: no answer at all, or one that says so. */
export const mayPass = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.code >= 500 || error.code === 429;

/** Tells each new state once: the line beside the resource, and what went wrong also for whoever reads a log. */
function teller({ log }: Work, what: string): (waiting: NonNullable<Readiness>) => void {
  let told = "";
  const problems = new Set<string>();
  return ({ seen }) => {
    const line = `waiting for ${what}: ${seen}`;
    if (line !== told) log.status(line);
    told = line;
    // `0 of 1 ready: ImagePullBackOff: …`. Pods go to and fro between two names of one problem.
    const [, problem] = /: (\w+): /.exec(seen) ?? [];
    if (problem !== undefined && !problems.has(problem)) log.warning(line);
    problems.add(problem ?? "");
  };
}

async function explained(rule: Rule, live: Properties, look: Look): Promise<readonly string[]> {
  try {
    return (await rule.explain?.(live, look)) ?? [];
  } catch (error) {
    return [`and why cannot be asked for: ${(error as Error).message}`];
  }
}

/** One look, for whoever does not wait. */
export async function readiness(
  client: Client,
  paths: Paths,
  type: string,
  live: Properties,
  signal: AbortSignal,
): Promise<string | undefined> {
  const rule = isAwaited(live) ? ruleOf(type, live) : undefined;
  const waiting = await rule?.check(live, lookOf(client, paths, signal));
  return waiting && `${nameOf(live)} is not ready: ${waiting.seen}`;
}

/** @param path Where it stands in the API. */
export async function untilReady(
  client: Client,
  paths: Paths,
  path: string,
  first: Properties,
  work: Work,
): Promise<Waited> {
  const rule = isAwaited(first) ? ruleOf(work.type, first) : undefined;
  if (rule === undefined) return { live: first, reasons: [] };
  const [what, seconds] = [nameOf(first), secondsFor(work, first, rule)];
  const limit = AbortSignal.timeout(seconds * 1000);
  const signal = AbortSignal.any([limit, work.signal]);
  const [look, tell] = [lookOf(client, paths, signal), teller(work, what)];
  let [live, seen, interval] = [first, "it is new", pace.first];
  const ended = async (why: string): Promise<Waited> => ({
    live,
    reasons: [`${what} ${why}`, ...(await explained(rule, live, lookOf(client, paths, AbortSignal.timeout(10_000))))],
  });
  try {
    for (;;) {
      try {
        const waiting = await rule.check(live, look);
        if (waiting === undefined) return { live, reasons: [] };
        ({ seen } = waiting);
        tell(waiting);
        if (waiting.hopeless === true) return await ended(`will not get ready: ${seen}`);
      } catch (error) {
        if (signal.aborted || !mayPass(error)) throw error;
        seen = (error as Error).message;
      }
      await sleep(interval, undefined, { signal });
      interval = Math.min(interval * pace.growth, pace.most);
      const now = await client.find(path, signal).catch((error: unknown) => {
        if (signal.aborted || !mayPass(error)) throw error;
        return live;
      });
      if (now === undefined) return await ended("was deleted by another while we waited for it");
      live = now;
    }
  } catch (error) {
    if (work.signal.aborted) return ended(`was waited for until ${(work.signal.reason as Error).message}; ${seen}`);
    if (limit.aborted) return ended(`was not ready within ${seconds} s, waiting for: ${seen}`);
    throw error;
  }
}
