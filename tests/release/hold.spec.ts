import assert from "node:assert/strict";
import { backUp, confirm, migrate, prepare } from "../../release/drive/forward.ts";
import { goBack } from "../../release/drive/back.ts";
import { ask, awaitVerdict, holdUntilVerdict } from "../../release/drive/hold.ts";
import { type Run, WentBack } from "../../release/drive/run.ts";
import { Life, MemoryLedger, ModelWorld } from "./support/memory.ts";

const sites = ["a.test"];

async function held() {
  const life = new Life();
  const ledger = new MemoryLedger(life, () => false);
  const world = new ModelWorld(life, sites, () => "well");
  const run: Run = {
    wanted: { id: "r1", sites, archived: [], facts: {}, holdMs: 1_000 },
    ledger,
    world,
    signal: new AbortController().signal,
    back: () => world,
    hold: await ledger.take("runner"),
    say: () => {},
    reached: () => {},
    point: () => {},
  };
  for (const step of [prepare, backUp, migrate]) {
    await step(run);
  }
  return { ledger, world, run };
}

describe("release/hold", () => {
  it("lets the release pass when it is found good, and whoever asked is told", async () => {
    const { ledger, world, run } = await held();
    const holding = holdUntilVerdict(run, 5);
    await ask(ledger, "r1", { good: true, reason: "" });
    await holding;
    assert.equal((await awaitVerdict(ledger, "r1", 5)).state, "verified");
    assert.equal(world.sites.get("a.test")?.closed, true, "writes stay closed until traffic has moved");
    await confirm(run);
    assert.deepEqual([world.sites.get("a.test")?.closed, world.sites.get("a.test")?.schema], [false, "new"]);
  });

  it("takes it back when it is found bad, and whoever asked is told why", async () => {
    const { ledger, world, run } = await held();
    const holding = holdUntilVerdict(run, 5);
    await ask(ledger, "r1", { good: false, reason: "a.test: /login answers 500" });
    await assert.rejects(holding, (error) => error instanceof WentBack && error.message.startsWith("a.test: /login"));
    await assert.rejects(awaitVerdict(ledger, "r1", 5), /r1 is rolled_back: a.test: \/login answers 500/);
    assert.deepEqual([world.sites.get("a.test")?.schema, world.sites.get("a.test")?.closed], ["old", false]);
  });

  it("takes it back by itself when nobody says anything until its deadline", async () => {
    const { ledger, world, run } = await held();
    ledger.expire("r1");
    await assert.rejects(holdUntilVerdict(run, 5), /nobody verified the new set within its time/);
    assert.equal(world.sites.get("a.test")?.schema, "old");
  });

  it("is not let go of, nor its way back given up, when the ledger cannot be asked for a moment", async () => {
    const { ledger, world, run } = await held();
    let away = 1;
    const shaky = (book: MemoryLedger) =>
      new Proxy(book, {
        get: (target, name) => {
          const found: unknown = Reflect.get(target, name, target);
          if (typeof found !== "function") return found;
          return (...words: unknown[]): unknown => {
            if (name === "release" && away-- > 0) return Promise.reject(new Error("connection refused"));
            return Reflect.apply(found, target, words);
          };
        },
      });
    const holding = holdUntilVerdict({ ...run, ledger: shaky(ledger) }, 5);
    await ask(ledger, "r1", { good: false, reason: "a.test: /login answers 500" });
    await assert.rejects(holding, (error) => error instanceof WentBack);
    assert.deepEqual([world.sites.get("a.test")?.schema, away < 0], ["old", true]);
    const second = await held();
    away = 1;
    await assert.rejects(goBack({ ...second.run, ledger: shaky(second.ledger) }, new Error("it failed")), WentBack);
    assert.equal(second.world.sites.get("a.test")?.schema, "old");
  });

  it("hears no word that was left before the schema was new", async () => {
    const { ledger, run } = await held();
    await ledger.note(run.hold, "r1", "migrated");
    const holding = holdUntilVerdict(run, 5);
    await ask(ledger, "r1", { good: true, reason: "" });
    await holding;
    const again = await held();
    await ask(again.ledger, "r1", { good: false, reason: "old word" });
    await again.ledger.note(again.run.hold, "r1", "migrated");
    again.ledger.expire("r1");
    await assert.rejects(holdUntilVerdict(again.run, 5), /within its time/);
  });
});
