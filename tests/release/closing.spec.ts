import assert from "node:assert/strict";
import { refuseDeaf } from "../../release/real/inspect.ts";
import { keepsConfig, refuseRestless } from "../../release/real/closing.ts";
import type { ReleaseJob } from "../../release/job.ts";
import { type Queue, RedisUnreachable, type Worker } from "../../release/queue/index.ts";

const { signal } = new AbortController();
const unasked = () => Promise.reject(new Error("nobody asks that"));

/** A queue that says one thing after the other, and the last one for ever. */
function queueOf(looks: readonly (readonly string[] | Error)[], suspended = true): Queue {
  let look = 0;
  return {
    ...{
      suspend: unasked,
      workers: unasked,
      drain: unasked,
      shutdownWorkers: unasked,
      resume: unasked,
      pending: unasked,
    },
    isSuspended: () => Promise.resolve(suspended),
    restless: () => {
      const said = looks[Math.min(look++, looks.length - 1)] ?? [];
      return said instanceof Error ? Promise.reject(said) : Promise.resolve([...said]);
    },
  };
}

describe("release: writes that are closed", () => {
  it("are believed where nothing moves, and no worker may begin a job", async () => {
    await refuseRestless(queueOf([[]]), signal, 0);
    await assert.rejects(
      refuseRestless(queueOf([[]], false), signal, 0),
      /writes are closed, and yet: rq:suspended is gone: somebody lets workers begin jobs; find out who/,
    );
  });

  it("are not believed where a job runs, not even for a moment", async () => {
    const job = "job 7 (frappe.x) of acme:short runs in worker w1";
    await assert.rejects(
      refuseRestless(queueOf([[job], []]), signal, 60_000),
      /writes are closed, and yet: job 7 \(frappe\.x\)/,
    );
  });

  it("are believed when a worker that was started again says soon that it is suspended, or Redis is back", async () => {
    const away = new RedisUnreachable("Redis at x: nobody answers");
    await refuseRestless(queueOf([["worker w1 is started"], away, []]), signal, 60_000);
    await assert.rejects(refuseRestless(queueOf([["worker w1 is idle"]]), signal, 600), /yet: worker w1 is idle/);
    await assert.rejects(refuseRestless(queueOf([new Error("NOPERM")]), signal, 60_000), /NOPERM/);
  });
});

describe("release: workers that do not hear", () => {
  const worker = (name: string, hears: boolean): Worker => ({
    ...{ name, host: `pod-${name}`, queues: ["acme:short"], state: "idle", job: undefined, leaving: false },
    hears,
  });
  const queue = (...looks: Worker[][]) => ({
    workers: () => Promise.resolve(looks.length > 1 ? (looks.shift() ?? []) : (looks[0] ?? [])),
  });

  it("are refused by name, with the remedy, before anything is closed", async () => {
    await refuseDeaf(queue([worker("w1", true)]), signal, 0);
    await assert.rejects(
      refuseDeaf(queue([worker("w1", true), worker("w2", false)]), signal, 0),
      /^Error: w2 on pod-w2 does not hear RQ's commands .*: restart the worker pods, then try again$/,
    );
  });
});

describe("release: a web that keeps what it has read", () => {
  const app = (version: string) => [{ name: "frappe", version }];
  const job = (version: string) => ({ release: { apps: app(version) } }) as unknown as ReleaseJob;
  const release = (version: string, state: "confirmed" | "rolled_back" = "confirmed") => ({
    state,
    facts: { apps: app(version) },
  });

  it("is one of Frappe 16 or newer, by the release that stands", () => {
    for (const [versions, image, keeps] of [
      [["15.51.1"], "16.0.0", false],
      [["16.0.0-beta.1"], "16.0.0", true],
      [["15.0.0", "16.2.0"], "15.0.0", true],
      [["develop"], "15.0.0", true],
      [[], "15.0.0", false],
      [[], "v16.1", true],
    ] as const) {
      assert.equal(
        keepsConfig(
          versions.map((version) => release(version)),
          job(image),
        ),
        keeps,
        `${versions.join()} ${image}`,
      );
    }
    assert.equal(keepsConfig([release("15.0.0"), release("16.0.0", "rolled_back")], job("16.0.0")), false);
  });
});
