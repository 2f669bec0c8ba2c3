/** The trial of a canary by what people's requests come to: the stages, on the real Prometheus and the set's own address. */
import { setTimeout as pause } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { info } from "../../backup/log.ts";
import { weightEvent } from "../../constants/canary.ts";
import type { CanaryJob, ReleaseJob } from "../job.ts";
import type { ReleaseEvent } from "../ledger/records.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { get } from "../sites/http.ts";
import { metricsOf } from "./prometheus.ts";
import { type CanaryWorld, runStages } from "./stages.ts";

/** Of the ledger's events: a stage that ended well. */
const kind = "canary";

/** Weight of the last stage that was passed since the trial began; 0: none. */
export function passedIn(events: readonly ReleaseEvent[]): number {
  const since = events.findLastIndex((event) => event.kind === "trial" && event.site === "");
  const passed = events.slice(since + 1).filter((event) => event.kind === kind);
  return Math.max(0, ...passed.map(({ facts }) => Number(facts["passed"]) || 0));
}

/** By the port for callers inside: there nobody answers in its place. */
async function lostWeb({ signal }: Context, { sites, endpoints }: ReleaseJob): Promise<string | undefined> {
  const site = sites.find(({ state }) => state === "active");
  if (site === undefined) return undefined;
  const answer = await get(endpoints.nginx, site.name, "/api/method/ping", { signal });
  signal.throwIfAborted();
  if (answer.status === undefined) return answer.problem;
  return answer.status >= 500 ? `${site.name} answers ${answer.status}` : undefined;
}

/**
 * Lets the new set have its shares of the requests, one after the other; goes on behind the stages that were passed before it was killed.
 * @returns what speaks against the new set; undefined: nothing
 */
export async function analyse(
  context: Context,
  job: ReleaseJob,
  canary: CanaryJob,
  ledger: Pick<Ledger, "ask" | "events">,
): Promise<string | undefined> {
  const { signal } = context;
  const { release } = job;
  const world: CanaryWorld = {
    metrics: metricsOf(canary.prometheus, release.id, signal),
    lost: () => lostWeb(context, job),
    want: (weight) => info(weightEvent, { release: release.id, weight }),
    passed: (weight) => ledger.ask(release.id, kind, { passed: weight }),
    say: (line) => info("progress", { step: "verify", line }),
    now: () => performance.now() / 1_000,
    sleep: (seconds) => pause(seconds * 1_000, undefined, { signal }),
  };
  return runStages(canary, passedIn(await ledger.events(release.id)), world);
}
