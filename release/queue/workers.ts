/** Who would take a job: RQ's workers as they are, not as Redis remembers them. Keys are those of RQ 1.15 and 2. */
import type { Ask } from "./redis.ts";
import { milliseconds, textOf, wordsOf } from "./resp.ts";

export interface Worker {
  readonly name: string;
  /** Its machine or pod. */
  readonly host: string;
  /** Full names, `<bench>:<queue>`; empty where Redis has forgotten it. */
  readonly queues: readonly string[];
  /** RQ's word: started, idle, busy, suspended. */
  readonly state: string;
  /** Id of the job that it runs. */
  readonly job: string | undefined;
  /** Whether RQ's commands reach it. RQ 1.15 on redis-py 4 no longer listens once Redis was restarted under it. */
  readonly hears: boolean;
  /** Whether it was asked to end after its job. A second request would kill the job. */
  readonly leaving: boolean;
}

/** Seconds of silence after which a worker that does not listen is no more: a busy one speaks each 30 s, a suspended one each second. */
const silence = 90;

/** Seconds after its start within which workers find back to a server: they try again each 60 s at the latest. */
const returning = 120;

const channel = "rq:pubsub:";
const fields = "queues state current_job last_heartbeat ip_address hostname death shutdown_requested_date".split(" ");

interface Known extends Worker {
  /** Whether Redis has forgotten all but its name. */
  readonly forgotten: boolean;
  readonly dead: boolean;
  readonly heartbeat: number;
  readonly address: string;
}

export const channelOf = (worker: string): string => `${channel}${worker}`;

/**
 * The living workers of a bench, whichever of its queues they serve. Killed ones stay in RQ's sets, and their hashes for up to eight
 * minutes. One lives if it listens for commands, which ends with its process; one that does not listen, if it waits for a job at this
 * moment, or has spoken within 90 s. A worker that is cut off from Redis just now cannot be seen.
 */
export async function livingWorkers(ask: Ask, bench: string): Promise<Worker[]> {
  const [registered, listening, time] = await Promise.all([
    ask("SMEMBERS", "rq:workers"),
    ask("PUBSUB", "CHANNELS", `${channel}*`),
    ask("TIME"),
  ]);
  const hearing = new Set(wordsOf(listening).map((name) => name.slice(channel.length)));
  const names = new Set([...hearing, ...wordsOf(registered).map((key) => key.replace(/^rq:worker:/, ""))]);
  const all = await Promise.all([...names].map((name) => readWorker(ask, name, hearing.has(name))));
  const ours = all.filter(({ queues, forgotten, hears }) => {
    return forgotten ? hears : queues.some((queue) => queue.startsWith(`${bench}:`));
  });
  const idle = ours.some(({ hears, state }) => !hears && state === "idle");
  const now = milliseconds(time);
  const mayWait = idle ? await waitingUnseen(ask, all, now) : () => false;
  return ours
    .filter((worker) => {
      if (worker.dead) return false;
      if (worker.hears) return true;
      return worker.state === "idle" ? mayWait(worker) : now - worker.heartbeat < silence * 1000;
    })
    .map(({ name, host, queues, state, job, hears, leaving }) => ({ name, host, queues, state, job, hears, leaving }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

async function readWorker(ask: Ask, name: string, hears: boolean): Promise<Known> {
  const values = wordsOf(await ask("HMGET", `rq:worker:${name}`, ...fields));
  const [queues = "", state = "", job = "", heartbeat = "", address = "", host = "", death = "", asked = ""] = values;
  return {
    name,
    host,
    queues: queues.split(",").filter(Boolean),
    state: state || "unknown",
    job: job || undefined,
    hears,
    leaving: asked !== "",
    forgotten: queues === "",
    dead: death !== "",
    heartbeat: Date.parse(heartbeat) || 0,
    address: address.replace(/:\d+$/, ""),
  };
}

/**
 * Tells, of idle workers that do not listen, whether they may be there: when more clients of their address are blocked in a pop than
 * there are idle ones that listen, or when the server has restarted under them a moment ago. An idle worker speaks once in seven
 * minutes, so nothing else tells it from one that was killed.
 */
async function waitingUnseen(ask: Ask, all: readonly Known[], now: number): Promise<(worker: Known) => boolean> {
  const [clients, info] = await Promise.all([ask("CLIENT", "LIST"), ask("INFO", "server")]);
  const uptime = Number(/^uptime_in_seconds:(\d+)/m.exec(textOf(info))?.[1]);
  const popping = textOf(clients)
    .split("\n")
    .filter((line) => / flags=\S*b/.test(line) && / cmd=(b[lr]pop|blmove|blmpop|brpoplpush) /.test(line))
    .map((line) => / addr=(\S*):\d+ /.exec(line)?.[1]);
  return ({ address, heartbeat }) => {
    const seen = all.filter((each) => each.hears && each.state === "idle" && each.address === address).length;
    const mayReturn = uptime < returning && heartbeat < now - uptime * 1000;
    return mayReturn || popping.filter((each) => each === address).length > seen;
  };
}
