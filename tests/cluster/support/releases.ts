/** Which release serves, and how it answers meanwhile. */
import assert from "node:assert/strict";
import { labels } from "../../../constants/labels.ts";
import { atEdge, loopAtEdge, type Platform } from "./platform.ts";

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
  readonly bad: () => Promise<readonly Bad[]>;
  readonly stop: () => Promise<{ readonly asked: number; readonly bad: readonly Bad[] }>;
}

/** A line a request: when it was answered, in milliseconds since 1970, and how. Ends when the file $STOP is there. */
const script = `while [ ! -e "$STOP" ]; do
  code=$(curl -s -m 20 -o /dev/null -w '%{http_code}' -H "Host: $SITE" -H 'X-Forwarded-Proto: https' "$URL/login")
  echo "$(date +%s%3N) $code" >>"$OUT"
  sleep 0.5
done`;

/** Asks for a page twice a second until it is told to stop. @param good what it may be answered */
export function steadily(platform: Platform, name: string, good: readonly number[] = [200, 503]): Watched {
  const out = `/tmp/answers-${platform.engine}-${name}`;
  const loop = loopAtEdge(platform, `watch-${name}`, script, { env: [`OUT=${out}`], seconds: 3_600 });
  const answers = async (): Promise<readonly Bad[]> => {
    const { stdout } = await atEdge(platform.api, ["cat", out]);
    const lines = stdout.split("\n").filter((line) => line !== "");
    return lines.map((line) => line.split(" ").map(Number)).map(([at = 0, status = 0]) => ({ at, status }));
  };
  const badOf = (all: readonly Bad[]) => all.filter(({ status }) => !good.includes(status));
  return {
    bad: async () => badOf(await answers()),
    stop: async () => {
      await loop.stop();
      const all = await answers();
      assert.ok(all.length > 0, `${name}: nothing was asked`);
      return { asked: all.length, bad: badOf(all) };
    },
  };
}
