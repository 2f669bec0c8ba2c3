import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../backup/context.ts";
import { contextsOf } from "../../release/contexts.ts";
import { backUp, confirm, migrate, prepare, verified } from "../../release/drive/forward.ts";
import { ask, holdUntilVerdict } from "../../release/drive/hold.ts";
import { holding, type Run } from "../../release/drive/run.ts";
import { Overtaken } from "../../release/ledger/ledger.ts";
import type { World } from "../../release/world.ts";
import { setting, standing } from "./support/setting.ts";

const term = new Error("called off by SIGTERM");

/** A world whose calls end when the work is called off, as those of real programs do. */
const endedBy = (signal: AbortSignal, world: World): World =>
  new Proxy(world, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...words: unknown[]) => {
        if (signal.aborted) return Promise.reject(new Error("The operation was aborted"));
        return (member as (...each: unknown[]) => unknown)(...words);
      };
    },
  });

/** A release that is called off at one of its points, for `reason`. */
function calledOff(at: string, reason: Error = term) {
  const all = setting();
  const off = new AbortController();
  const run = async (): Promise<Run> => ({
    ...(await all.run()),
    world: endedBy(off.signal, all.world),
    signal: off.signal,
    back: () => {
      if (reason instanceof Overtaken) throw reason;
      return all.world;
    },
    point: (name) => void (name === at && off.abort(reason)),
  });
  const up = async () => {
    for (const step of [prepare, backUp, migrate]) await step(await run());
  };
  return { ...all, off, run, up };
}

describe("release: called off", () => {
  for (const [at, state] of [
    ["backed-up:a.test", "aborted"],
    ["closing:b.test", "aborted"],
    ["draining", "aborted"],
    ["sealed:a.test", "aborted"],
    ["migrating:a.test", "rolled_back"],
    ["migrated:a.test", "rolled_back"],
    ["created:new.test", "rolled_back"],
  ] as const) {
    it(`goes back to ${state} at ${at}, in time of its own, and says what called it off`, async () => {
      const all = calledOff(at);
      await assert.rejects(all.up(), /^Error: called off by SIGTERM; every site is as it was before/);
      const release = await all.ledger.release("r1");
      assert.deepEqual([release?.state, release?.reason], [state, term.message]);
      for (const [index, site] of standing.entries()) {
        const { closed, flags, schema } = all.world.sites.get(site) ?? {};
        assert.deepEqual([closed, flags, schema], [false, index, "old"], site);
      }
      assert.equal(all.world.sites.has("new.test"), false);
      assert.equal(all.world.suspended, false);
    });
  }

  it("goes back while it holds, at once", async () => {
    const all = calledOff("none");
    await all.up();
    const held = holdUntilVerdict(await all.run(), 60_000);
    all.off.abort(term);
    await assert.rejects(held, /^Error: called off by SIGTERM; every site is as it was before/);
    assert.equal((await all.ledger.release("r1"))?.state, "rolled_back");
  });

  it("does not go back once the new set serves: the next up ends it", async () => {
    const all = calledOff("opening:b.test");
    await all.up();
    await verified(await all.run());
    await assert.rejects(confirm(await all.run()));
    assert.equal((await all.ledger.release("r1"))?.state, "verified");
    await confirm({ ...(await all.run()), world: all.world });
    assert.equal((await all.ledger.release("r1"))?.state, "confirmed");
  });

  it("does nothing at all when the right to write was lost", async () => {
    for (const at of ["draining", "migrated:a.test"]) {
      const all = calledOff(at, new Overtaken("somebody else has taken over"));
      await assert.rejects(all.up(), Overtaken);
      const events = (await all.ledger.events("r1")).map(({ kind }) => kind);
      assert.deepEqual(
        events.filter((kind) => /abort|rolling_back|rolled_back|restored/.test(kind)),
        [],
      );
      assert.equal(all.world.sites.get("a.test")?.closed, true);
    }
  });

  it("is left where it went back to when the time for that is up, for the next step to go on", async () => {
    const all = calledOff("migrated:b.test");
    const late = new Error("the way back took longer than 1 s");
    let asked = 0;
    const run = {
      ...(await all.run()),
      back: () => {
        if ((asked += 1) > 2) throw late;
        return endedBy(AbortSignal.abort(late), all.world);
      },
    };
    await prepare(run);
    await backUp(run);
    await assert.rejects(migrate(run), /took longer/);
    assert.equal((await all.ledger.release("r1"))?.state, "rolling_back");
    await assert.rejects(migrate(await all.run()), /every site is as it was before/);
    assert.equal((await all.ledger.release("r1"))?.state, "rolled_back");
  });

  it("hears no verdict after it was called off", async () => {
    const all = calledOff("none");
    await all.up();
    all.off.abort(term);
    await ask(all.ledger, "r1", { good: true, reason: "" });
    await assert.rejects(holdUntilVerdict(await all.run(), 5), /called off/);
  });
});

describe("release/contexts", () => {
  const contexts = (seconds: number) => {
    const off = new AbortController();
    const abort = (reason: Error) => off.abort(reason);
    const context = { signal: off.signal, abort } as Context;
    return { ...contextsOf(context, seconds), abort };
  };

  it("gives the way back a signal that the end of the way forward leaves alone", () => {
    const { forward, back, abort } = contexts(60);
    abort(term);
    assert.deepEqual([forward.signal.aborted, back().signal.aborted], [true, false]);
    assert.equal(back(), back());
  });

  it("counts the time of the way back from its beginning", async () => {
    const { back } = contexts(0.05);
    await sleep(100);
    const { signal } = back();
    assert.equal(signal.aborted, false);
    await sleep(200);
    assert.match(String(signal.reason), /the way back took longer than 0.05 s; the next step goes on with it/);
    assert.throws(back, /took longer/);
  });

  it("ends both ways when the right to write is lost", () => {
    const { forward, back, lose } = contexts(60);
    const { signal } = back();
    lose(new Overtaken("by another"));
    assert.deepEqual([forward.signal.aborted, signal.aborted], [true, true]);
    assert.throws(back, Overtaken);
  });
});

describe("release: the right to write", () => {
  it("is lost, as if somebody had taken it, when the ledger was out of reach for as long as it lasts", async () => {
    const all = setting();
    const clock = Date.now;
    let lost: Error | undefined;
    all.ledger.renew = () => {
      Date.now = () => clock() + 61_000;
      return Promise.reject(new Error("nobody answers"));
    };
    try {
      const told = new Promise<void>((resolve) => {
        void holding(
          all.ledger,
          "runner",
          (error) => {
            lost = error;
            resolve();
          },
          () => told,
          5,
        );
      });
      await told;
    } finally {
      Date.now = clock;
    }
    assert.ok(lost instanceof Overtaken);
    assert.match(lost.message, /the ledger was out of reach for 60 s/);
  });
});
