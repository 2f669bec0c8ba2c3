// People who write to sites all the time, through the web, and remember each note that they were told is kept.
import { setTimeout as sleep } from "node:timers/promises";
import type { Runner } from "./runner.ts";

export interface Writers {
  /** Titles of notes, by site, each of which was answered with 200. */
  readonly acknowledged: ReadonlyMap<string, readonly string[]>;
  /** Notes that were refused, or whose answer never came. */
  readonly refused: () => number;
  /** Notes that a site has lost, of those that it had acknowledged. */
  readonly lost: (site: string) => readonly string[];
  readonly stop: () => Promise<void>;
}

const pauseMs = 150;

export function startWriters(runner: Runner, sites: readonly string[]): Writers {
  const acknowledged = new Map<string, string[]>(sites.map((site) => [site, []]));
  const done = new AbortController();
  let refused = 0;
  const { web, bench } = runner;
  const login = async (site: string): Promise<string> => {
    const body = { usr: "Administrator", pwd: runner.adminPasswordOf(site) };
    const { headers } = await web.ask(site, "/api/method/login", { method: "POST", body });
    return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  };
  const write = async (site: string, titles: string[]) => {
    let cookie = "";
    for (let count = 1; !done.signal.aborted; count += 1) {
      const title = `${site} ${count}`;
      const status = await web
        .ask(site, "/api/resource/Note", { method: "POST", headers: { Cookie: cookie }, body: { title } })
        .then((answer) => answer.status)
        .catch(() => 0);
      if (status === 200) titles.push(title);
      else refused += 1;
      // Signed out: its session was of before a restore.
      if (status === 403 || status === 401) cookie = await login(site).catch(() => "");
      await sleep(pauseMs);
    }
  };
  const writing = Promise.all([...acknowledged].map(([site, titles]) => write(site, titles)));
  return {
    acknowledged,
    refused: () => refused,
    lost: (site) => {
      const kept = new Set(bench.sql(site, "SELECT title FROM `tabNote`").split("\n"));
      return (acknowledged.get(site) ?? []).filter((title) => !kept.has(title));
    },
    stop: async () => {
      done.abort();
      await writing;
    },
  };
}
