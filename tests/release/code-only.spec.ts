// Releases of code only, over worlds that die and fail: nothing closes, nothing is migrated.
import assert from "node:assert/strict";
import fc from "fast-check";
import { mayNotRun } from "../../release/guard.ts";
import { endsWith, isEnd } from "../../release/machine.ts";
import { code, facts, type Setting, sites, stateOf, untouched } from "./support/code-only.ts";
import { fates, type Plan } from "./support/setting.ts";

const deaths = ["dies before", "dies half way", "dies after"] as const;
async function ended(all: Setting, why: string): Promise<void> {
  const release = await all.ledger.release("r2");
  assert.ok(release !== undefined && isEnd(release.state), `${why}: ${release?.state}`);
  const allowed = endsWith[release.state as keyof typeof endsWith];
  const half = (await all.ledger.sites("r2")).filter(({ state }) => !allowed.includes(state));
  assert.deepEqual(half, [], why);
  assert.deepEqual([release.closedAt, release.openedAt], [0, 0], `${why}: writes never closed`);
  untouched(all, why);
}

describe("release/drive: code only", () => {
  it("backs each site up, migrates nothing, and clears what was cached for the old code, tried first while it can be called off", async () => {
    const all = await code();
    assert.equal(await all.untilSettled(), undefined);
    const refreshed = sites.map((site) => `refresh ${site}`);
    assert.deepEqual(all.made, [
      "inspect",
      "alone",
      ...sites.map((site) => `backUp ${site}`),
      ...refreshed,
      ...refreshed,
    ]);
    assert.equal(await stateOf(all), "confirmed");
    await ended(all, "good");
    assert.equal(all.said.at(-1), "release r2 stands; writes were open all the time");
    const events = (await all.ledger.events("r2")).filter(({ site }) => site === "").map(({ kind }) => kind);
    assert.deepEqual(events, ["prepared", "backed_up", "trial", "verified", "confirmed"]);
    await all.up();
    assert.equal((await all.ledger.events("r2")).length, 5 + 3 + 3);
  });

  it("gives its trial the time to hold, by the ledger", async () => {
    const all = await code();
    await all.untilSettled();
    assert.equal((await all.ledger.release("r2"))?.deadline, 1_000);
  });

  for (const [name, found, end] of [
    ["stands", undefined, "confirmed"],
    ["is called off", "the new set answers 500", "aborted"],
  ] as const) {
    it(`comes to the same end, wherever a release is killed that ${name}`, async () => {
      let kills = 0;
      const killed = async (plan: Plan, at: ReadonlySet<number>, why: string) => {
        const all = await code(plan, at);
        all.finds(() => Promise.resolve(found));
        await all.untilSettled();
        assert.equal(await stateOf(all), end, why);
        await ended(all, why);
        kills += 1;
      };
      const calls = end === "confirmed" ? 7 : 4;
      for (let call = 1; call <= calls; call += 1) {
        for (const death of deaths) await killed(new Map([[call, death]]), new Set(), `${death} at call ${call}`);
      }
      for (let write = 1; write <= 11; write += 1) await killed(new Map(), new Set([write]), `write ${write}`);
      assert.ok(kills > 20, `${kills}`);
    });
  }

  it("says why it was called off, and is not tried again without a new attempt", async () => {
    const all = await code();
    all.finds(() => Promise.resolve("the new set answers 500"));
    assert.match((await all.untilSettled())?.message ?? "", /^the new set answers 500; every site is as it was before/);
    assert.equal((await all.ledger.release("r2"))?.reason, "the new set answers 500");
    await assert.rejects(all.up(), /r2 has failed \(aborted: the new set answers 500\).*raise frappe:release\.attempt/);
  });

  it("is called off when the new code cannot clear what is cached, before traffic could move", async () => {
    const all = await code(new Map([["refresh b.test", "fails"]]));
    assert.match((await all.untilSettled())?.message ?? "", /refresh b\.test/);
    await ended(all, "refresh");
  });

  it("is not ended in another way than it was begun, and goes on when the strategy is put back", async () => {
    const left = await code(new Map(), new Set([7]));
    await Promise.race([left.up(), left.dies()]);
    assert.equal(await stateOf(left), "trial");
    left.next({ id: "r2", facts: facts({ strategy: "blueGreen" }) });
    await assert.rejects(left.up(), /begun as rolling, and frappe:release\.strategy is blueGreen now: put it back, or/);
    assert.equal(await stateOf(left), "trial");
    untouched(left, "refused");
    left.next({ id: "r2", facts: facts() });
    assert.equal(await left.untilSettled(), undefined);
    assert.equal(await stateOf(left), "confirmed");
  });

  it("is called off when whoever looks at the new set fails, or comes too late", async () => {
    const failing = await code();
    failing.finds(() => Promise.reject(new Error("called off by SIGTERM")));
    assert.match((await failing.untilSettled())?.message ?? "", /called off by SIGTERM/);
    await ended(failing, "failing");
    const late = await code();
    late.finds(() => {
      late.ledger.expire("r2");
      return Promise.resolve(undefined);
    });
    assert.match(
      (await late.untilSettled())?.message ?? "",
      /nobody verified the new set within the time of its trial/,
    );
    assert.equal(await stateOf(late), "aborted");
    await ended(late, "late");
  });

  it("is taken back by the next release where it was left on trial, and by its own step when its time is up", async () => {
    const kills = new Set([7]);
    const left = await code(new Map(), kills);
    await Promise.race([left.up(), left.dies()]);
    assert.equal(await stateOf(left), "trial");
    left.next({ id: "r3", facts: facts({ attempt: 2 }) });
    assert.equal(await left.untilSettled(), undefined);
    assert.deepEqual([await stateOf(left), (await left.ledger.release("r3"))?.state], ["aborted", "confirmed"]);
    assert.match((await left.ledger.release("r2"))?.reason ?? "", /release r3 was asked for in its place/);
    untouched(left, "left");
    const late = await code(new Map(), kills);
    await Promise.race([late.up(), late.dies()]);
    late.ledger.expire("r2");
    assert.match(
      (await late.untilSettled())?.message ?? "",
      /nobody verified the new set within the time of its trial/,
    );
    await ended(late, "late");
  });

  it("never has the old release's roles wait before it is verified, nor its own workers run before that", async () => {
    let looks = 0;
    for (let write = 1; write <= 11; write += 1) {
      const all = await code(new Map(), new Set([write]));
      all.watch(() => {
        const state = all.ledger.rows.find(({ id }) => id === "r2")?.state;
        const on = state === "verified" || state === "confirmed";
        for (const role of ["web", "worker", "scheduler"] as const) {
          const may = (id: string) => mayNotRun(all.ledger.rows, id, role) === undefined;
          assert.deepEqual([may("r1"), may("r2")], [!on, on || (state === "trial" && role === "web")], `${state}`);
          looks += 1;
        }
      });
      await all.untilSettled();
    }
    assert.ok(looks > 300, `${looks}`);
  });

  it("touches nothing, loses nothing and comes to an end, whatever fails and dies in whatever order", async () => {
    const plan = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(...fates)), { maxLength: 5 });
    const kills = fc.array(fc.integer({ min: 1, max: 16 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(plan, kills, fc.boolean(), async (fated, killed, good) => {
        const all = await code(new Map(fated), new Set(killed));
        all.finds(() => Promise.resolve(good ? undefined : "bad"));
        for (let ups = 0; ups < 12; ups += 1) {
          await all.untilSettled();
          const state = await stateOf(all);
          if (state !== undefined && isEnd(state)) break;
        }
        await ended(all, JSON.stringify([fated, killed, good]));
      }),
      { numRuns: 500 },
    );
  });
});
