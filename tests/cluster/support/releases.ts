/** Which release serves, and how it answers meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { labels } from "../../../constants/labels.ts";
import { ask, type Platform } from "./platform.ts";

export const releaseLabel = labels.release;

/** Release that nginx' one address leads to. */
export async function serving({ api, namespace }: Platform): Promise<string> {
  const service = await api.core.readNamespacedService({ name: "nginx", namespace });
  return service.spec?.selector?.[releaseLabel] ?? "";
}

export interface Bad {
  readonly at: number;
  readonly status: number;
}

export interface Watched {
  /** Every answer until now that is none of those. */
  readonly bad: () => readonly Bad[];
  readonly stop: () => Promise<{ readonly asked: number; readonly bad: readonly Bad[] }>;
}

/** Asks for a page twice a second until it is told to stop. @param good what it may be answered */
export function steadily(platform: Platform, good: readonly number[] = [200, 503]): Watched {
  let [going, asked] = [true, 0];
  const bad: Bad[] = [];
  const loop = (async () => {
    while (going) {
      asked += 1;
      const { status } = await ask(platform, "/login");
      if (!good.includes(status)) bad.push({ at: Date.now(), status });
      await sleep(500);
    }
  })();
  loop.catch(() => undefined);
  return {
    bad: () => [...bad],
    stop: async () => {
      going = false;
      await loop;
      return { asked, bad };
    },
  };
}
