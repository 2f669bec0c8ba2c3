/**
 * Runs a role that cannot be asked to leave, as a child, for as long as its release may run: the scheduler of a release that was overtaken
 * would tick beside the next one's.
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../backup/log.ts";
import { start } from "../../backup/process.ts";
import { mayNotGoOn } from "../guard.ts";
import { verdictOf } from "./ask.ts";
import { paceOf, type GuardConfig } from "./config.ts";
import { telling, waitForTurn } from "./guard.ts";

type Argv = readonly [string, ...string[]];

/** What a role may be told by a signal; each is passed on. */
export const passed = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
export type Passed = (typeof passed)[number];
const leave: readonly Passed[] = ["SIGTERM", "SIGINT", "SIGQUIT"];

/** As a shell tells it. */
export const codeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** To a child and whatever it has started; false when none of them is left. */
function toGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    return false;
  }
}

export interface Supervisor {
  /** Answers with the code to end with. */
  readonly run: (stop: AbortSignal) => Promise<number>;
  /** Hands a signal to the child; false where none runs. */
  readonly pass: (signal: Passed) => boolean;
}

export function supervise(config: GuardConfig, argv: Argv): Supervisor {
  const tell = telling(config.release);
  const { running, grace } = paceOf(config);
  let child: ChildProcess | undefined;
  let leaving = false;

  /** SIGTERM, time to end, SIGKILL: to all of its group, so that nothing of it ticks on. */
  async function end(old: ChildProcess): Promise<void> {
    const until = performance.now() + grace * 1_000;
    toGroup(old, "SIGTERM");
    while (toGroup(old, 0) && performance.now() < until) await sleep(100);
    toGroup(old, "SIGKILL");
  }

  /** The code that the child ended with by itself; undefined when it had to go. */
  async function whileAllowed(): Promise<number | undefined> {
    const own = start(argv, { stdio: "inherit" });
    const over = new AbortController();
    let gone: number | undefined;
    const ended = new Promise<number>((resolve) => {
      own.once("error", (error) => {
        tell("cannot be started", messageOf(error));
        resolve(127);
      });
      own.once("close", (code, signal) => resolve(code ?? codeOf(signal ?? "SIGKILL")));
    }).then((code) => {
      child = undefined;
      over.abort();
      return (gone = code);
    });
    child = own;
    for (;;) {
      await sleep(running * 1_000, undefined, { signal: over.signal }).catch(() => undefined);
      if (gone !== undefined) return gone;
      const { may, why } = await verdictOf(config, over.signal, mayNotGoOn);
      if (gone !== undefined) return gone;
      // The bench serves on while nobody can say; what passes maintenance by must not, since a seal may be put back.
      const mustEnd = may === "no" || (may === "unknown" && config.role === "door");
      tell(mustEnd ? "ending" : may === "yes" ? "may run" : "running on", why);
      if (mustEnd) {
        await end(own);
        const code = await ended;
        return leaving ? code : undefined;
      }
    }
  }

  return {
    pass: (signal) => {
      if (child === undefined) return false;
      leaving ||= leave.includes(signal);
      return toGroup(child, signal);
    },
    run: async (stop) => {
      for (;;) {
        await waitForTurn(config, stop, tell);
        const code = await whileAllowed();
        if (code !== undefined) return code;
      }
    },
  };
}
