import { setTimeout as sleep } from "node:timers/promises";

/** After so many seconds without a word, the server ends the session that holds a lock, which its holder never keeps for more than 20. */
export const idleSeconds = 120;

const rounds = 240;
const pauseMs = 500;

/** Ends sessions until none is left: a killed statement goes on until the server has undone it. */
export async function allGone(list: () => Promise<string[]>, end: (id: string) => Promise<void>): Promise<void> {
  let left: string[] = [];
  for (let round = 0; round < rounds; round++) {
    left = await list();
    if (left.length === 0) return;
    for (const id of left) await end(id);
    await sleep(pauseMs);
  }
  throw new Error(`${left.length} sessions of the site's database user cannot be ended (${left.join(", ")})`);
}
