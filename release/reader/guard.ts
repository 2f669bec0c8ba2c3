/** Waits until a release may run. */
import { setTimeout as sleep } from "node:timers/promises";
import { clean } from "../../backup/log.ts";
import { verdictOf } from "./ask.ts";
import { paceOf, type GuardConfig } from "./config.ts";

/** Seconds after which a reason is told again. */
const reminder = 60;

/** Tells a person why, on stderr: at once what is new, and once a minute what still holds somebody up. */
export function telling(release: string): (event: string, why: string) => void {
  let last = "";
  let at = -Infinity;
  return (event, why) => {
    const now = performance.now();
    if (`${event} ${why}` === last && (why === "" || now - at < reminder * 1_000)) return;
    last = `${event} ${why}`;
    at = now;
    const line = { time: new Date().toISOString(), level: "info", event, release, ...(why !== "" && { why }) };
    process.stderr.write(`${clean(JSON.stringify(line))}\n`);
  };
}

/** Resolves when the release may run: only the ledger's own word lets it. */
export async function waitForTurn(
  config: GuardConfig,
  stop: AbortSignal,
  tell: ReturnType<typeof telling>,
): Promise<void> {
  for (;;) {
    const { may, why } = await verdictOf(config, stop);
    stop.throwIfAborted();
    if (may === "yes") return tell("may run", "");
    tell("waiting", why);
    await sleep(paceOf(config).waiting * 1_000, undefined, { signal: stop });
  }
}
