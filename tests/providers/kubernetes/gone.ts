/** Deletes an object and waits until it is gone. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Properties } from "../../../engine/offline/value.ts";
import type { Work } from "../provider.ts";
import { refusal } from "./apply.ts";
import { ApiError, type Client } from "./client.ts";
import { annotation, metadataOf } from "./object.ts";
import { statusOf, type Condition } from "./readiness.ts";
import { isAwaited, mayPass, nameOf, secondsFor } from "./wait.ts";

const policies: Readonly<Record<string, string>> = {
  orphan: "Orphan",
  background: "Background",
  foreground: "Foreground",
};

/** As the official provider: what an object owns goes first, unless its annotation says otherwise. */
function policyOf(object: Properties): string {
  const asked = annotation(object, "deletionPropagationPolicy")?.toLowerCase() ?? "foreground";
  const policy = policies[asked];
  if (policy === undefined) {
    throw new Error(`pulumi.com/deletionPropagationPolicy: ${asked} is none of orphan, background, foreground`);
  }
  return policy;
}

/** What keeps an object that is being deleted. */
function keptBy(live: Properties): string {
  const { finalizers = [] } = metadataOf(live);
  // A Namespace says what is still in it; conditions of other kinds speak of other things.
  const conditions = live["kind"] === "Namespace" ? ((statusOf(live)["conditions"] ?? []) as Condition[]) : [];
  const said = conditions
    .filter(({ status, message }) => status === "True" && message !== undefined)
    .map(({ message }) => message);
  return [finalizers.length > 0 ? `finalizers ${finalizers.join(", ")}` : "no finalizer", ...said].join("; ");
}

/**
 * @param object As the state has it: its annotations say how it goes.
 * @throws Error that says what keeps it, when it is still there at the end of its time.
 */
export async function deleteObject(client: Client, path: string, object: Properties, work: Work): Promise<void> {
  const what = nameOf(object);
  let deleted: Properties;
  try {
    const body = { propagationPolicy: policyOf(object) };
    ({ body: deleted } = await client.ask("DELETE", path, { body, signal: work.signal }));
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return;
    throw refusal("deleted", object, error);
  }
  if (!isAwaited(object)) return;
  // The answer is the object, or of one that is gone at once, a Status that names it.
  const details = deleted["details"] as Properties | undefined;
  const uid = metadataOf(deleted).uid ?? details?.["uid"];
  const seconds = secondsFor(work, object);
  const limit = AbortSignal.timeout(seconds * 1000);
  const signal = AbortSignal.any([limit, work.signal]);
  let [kept, interval] = ["", 100];
  try {
    for (;;) {
      const live = await client.find(path, signal).catch((error: unknown) => {
        if (signal.aborted || !mayPass(error)) throw error;
        return deleted;
      });
      // Another one of that name is not ours to wait for.
      if (live === undefined || metadataOf(live).uid !== uid) return;
      if (keptBy(live) !== kept) work.log.status(`waiting for ${what} to be gone: ${keptBy(live)}`);
      kept = keptBy(live);
      await sleep(interval, undefined, { signal });
      interval = Math.min(interval * 1.3, 1000);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const when = limit.aborted ? `within ${seconds} s` : `when ${(work.signal.reason as Error).message}`;
    throw new Error(`${what} is being deleted and was not gone ${when}: kept by ${kept}`, { cause: error });
  }
}
