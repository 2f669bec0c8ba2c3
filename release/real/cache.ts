/** What redis_cache holds of a site, forgotten without the image's own code: a release whose code does not even start goes back, too. */
import type { Context } from "../../backup/context.ts";
import { messageOf, warning } from "../../backup/log.ts";
import { loginOf } from "../../backup/login.ts";
import { redisServer, withRedis } from "../queue/redis.ts";

/**
 * What a site's cache keeps for good, as Frappe's own hook persistent_cache_keys has it: inserts that wait to be written, above all. An app's own
 * list is in its code, which is not asked.
 */
const kept =
  /^(changelog-|insert_queue_for_|recorder-|global_search_queue$|monitor-transactions$|rate-limit-counter-|rl:|concurrency:)/;

/** Shared by all sites of a bench: names of the files that pages load, as whoever asked first knew them. */
const shared = ["assets_json"];
/** Keys that are looked at at a time. */
const count = 1_000;

/**
 * Forgets what `bench clear-cache` does (frappe/cache_manager.py; a site's keys begin with the name of its database: redis_wrapper.py, make_key).
 * A cache that is away is no failure, as in Frappe: it comes back empty.
 */
export async function forgetCached(context: Context, url: string, site: string): Promise<void> {
  const prefix = `${loginOf(context.job, site).schema}|`;
  const pattern = `${prefix.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}*`;
  try {
    await withRedis(redisServer(url), context.signal, async (ask) => {
      let cursor = "0";
      do {
        const [next, keys] = (await ask("SCAN", cursor, "MATCH", pattern, "COUNT", count)) as [string, string[]];
        const passing = keys.filter((key) => !kept.test(key.slice(prefix.length)));
        if (passing.length > 0) await ask("UNLINK", ...passing);
        cursor = next;
      } while (cursor !== "0");
      await ask("UNLINK", ...shared);
    });
  } catch (error) {
    context.signal.throwIfAborted();
    warning("cache not cleared", { site, cause: messageOf(error) });
  }
}
