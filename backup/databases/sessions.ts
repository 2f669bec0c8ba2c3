import { setTimeout as sleep } from "node:timers/promises";
import { info, messageOf } from "../log.ts";

/** After so many seconds without a word, the server ends the session that holds a lock, which its holder never keeps for more than 20. */
export const idleSeconds = 120;

const pauseMs = 500;
/** Of that, and no longer, is nothing said. */
const silentMs = 20_000;

/**
 * Ends sessions until none is left. A killed statement goes on until the server has undone it, which takes as long as it ran, and longer:
 * it is waited for until `signal` ends the work.
 */
export async function allGone(
  signal: AbortSignal,
  list: () => Promise<string[]>,
  end: (id: string) => Promise<void>,
): Promise<void> {
  const since = Date.now();
  for (let told = false; ;) {
    const left = await list();
    if (left.length === 0) return;
    for (const id of left) await end(id);
    if (!told && Date.now() - since > silentMs) {
      info("waiting", {
        for: `sessions of the site's database user that were ended, and are being undone: ${left.join(", ")}`,
      });
      told = true;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) {
      throw new Error(
        `${messageOf(signal.reason)}, while sessions of the site's database user (${left.join(", ")}) were being ended`,
      );
    }
  }
}
