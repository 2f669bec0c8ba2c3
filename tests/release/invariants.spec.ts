// What holds whatever becomes of a release, by the numbers of docs/adr/0013, over worlds that die and fail at each call.
import assert from "node:assert/strict";
import { holdUntilVerdict } from "../../release/drive/hold.ts";
import { backUp, migrate, prepare, verified } from "../../release/drive/forward.ts";
import { mayNotRun } from "../../release/guard.ts";
import type { Release } from "../../release/ledger/records.ts";
import { endsWith, isEnd } from "../../release/machine.ts";
import { type Plan, setting, standing } from "./support/setting.ts";

const deaths = ["dies before", "dies half way", "dies after"] as const;
const twenty = Array.from({ length: 20 }, (_, index) => `s${String(index).padStart(2, "0")}.test`);
type Setting = ReturnType<typeof setting>;

const stateOf = async ({ ledger }: Setting) => (await ledger.release("r1"))?.state;

/** How many calls to the world, and writes to the ledger, a release makes that goes so. */
async function lengthOf(plan: Plan): Promise<{ calls: number; writes: number }> {
  const all = setting(plan);
  let looks = 0;
  all.watch(() => (looks += 1));
  await all.untilSettled();
  return { calls: all.made.length, writes: looks - all.made.length };
}

/** The same release, killed once at each call in each way, and at each write to the ledger. */
async function* killed(plan: Plan): AsyncGenerator<readonly [Setting, string]> {
  const { calls, writes } = await lengthOf(plan);
  for (let call = 1; call <= calls; call += 1) {
    for (const death of deaths) {
      const all = setting(new Map([...plan, [call, death]]));
      yield [all, `${death} at call ${call}`];
    }
  }
  for (let write = 1; write <= writes; write += 1) {
    yield [setting(plan, new Set([write])), `write ${write}`];
  }
}

const good: Plan = new Map();
/** Fails at every try. */
const failing = (call: string): Plan => new Map([[call, Array.from({ length: 9 }, () => "fails" as const)]]);
const patchFails = failing("migrate b.test");
const sealFails = failing("seal b.test");

/** Every site is as it was before, for everybody. */
function asBefore({ world }: Setting, sites: readonly string[], why: string): void {
  for (const [index, name] of sites.entries()) {
    const { schema, closed, flags, rows } = world.sites.get(name) ?? {};
    const kept = world.acknowledged.get(name);
    assert.deepEqual([schema, closed, flags, rows], ["old", false, index, kept], `${why}: ${name}`);
  }
  assert.equal(world.suspended, false, why);
}

const lostRows = ({ world }: Setting) =>
  standing.filter((name) => world.sites.get(name)?.rows !== world.acknowledged.get(name));

describe("release: what always holds", () => {
  it("I1 loses no acknowledged write, wherever a release is killed that stands, goes back, or is aborted", async () => {
    let kills = 0;
    for (const plan of [good, patchFails, sealFails]) {
      for await (const [all, why] of killed(plan)) {
        await all.untilSettled();
        assert.deepEqual(lostRows(all), [], why);
        kills += 1;
      }
    }
    assert.ok(kills > 250, `${kills}`);
  });

  it("I2 migrates no site that was not backed up and sealed by this release, each restored and compared", async () => {
    const all = setting(good);
    await all.untilSettled();
    for (const site of standing) {
      const at = (call: string) => all.made.indexOf(`${call} ${site}`);
      assert.ok(at("backUp") >= 0 && at("backUp") < at("seal") && at("seal") < at("migrate"), all.made.join(", "));
    }
    for (const fails of ["backUp a.test", "seal a.test", "seal b.test"]) {
      const failed = setting(new Map([[fails, "fails"]]));
      await failed.untilSettled();
      assert.deepEqual(
        failed.made.filter((call) => /^(migrate|create)/.test(call)),
        [],
        fails,
      );
      asBefore(failed, standing, fails);
    }
  });

  it("I3 leaves old data on the old schema, flags and queue as before, when a migration fails", async () => {
    for (const fails of ["migrate a.test", "migrate b.test", "check b.test", "create new.test", "check new.test"]) {
      const all = setting(new Map([[fails, "fails"]]));
      await all.untilSettled();
      assert.equal(await stateOf(all), "rolled_back", fails);
      asBefore(all, standing, fails);
      assert.equal(all.world.sites.has("new.test"), false, fails);
    }
  });

  it("I4 refuses a release beside one that has the traffic and is not over, and changes nothing", async () => {
    const all = setting(good);
    for (const step of [prepare, backUp, migrate, verified]) await step(await all.run());
    const [made, events] = [all.made.length, (await all.ledger.events("r1")).length];
    all.next({ id: "r2" });
    await assert.rejects(all.up(), /nothing was changed; release r1 is verified/);
    assert.equal(await all.ledger.release("r2"), undefined);
    assert.deepEqual([all.made.length, (await all.ledger.events("r1")).length], [made, events]);
  });

  for (const [name, plan, end] of [
    ["stands", good, "confirmed"],
    ["goes back", patchFails, "rolled_back"],
    ["is aborted", sealFails, "aborted"],
  ] as const) {
    it(`I5 comes to the same end as without the kill, wherever a release is killed that ${name}`, async () => {
      for await (const [all, why] of killed(plan)) {
        await all.untilSettled();
        assert.equal(await stateOf(all), end, why);
      }
    });
  }

  it("I6 comes to an end by its deadline where nobody returns: the holder alone takes it back", async () => {
    const all = setting(good);
    const run = await all.run();
    for (const step of [prepare, backUp, migrate]) await step(run);
    all.ledger.expire("r1");
    await assert.rejects(holdUntilVerdict(run, 5), /nobody verified the new set within its time/);
    assert.equal(await stateOf(all), "rolled_back");
    asBefore(all, standing, "deadline");
  });

  it("I7 brings every site to one end, all of twenty or none, when one fails", async () => {
    for (const fails of ["migrate s13.test", "check s19.test", "create new.test"]) {
      const all = setting(new Map([[fails, "fails"]]), new Set(), twenty);
      await all.untilSettled();
      assert.equal(await stateOf(all), "rolled_back", fails);
      asBefore(all, twenty, fails);
      const ends = (await all.ledger.sites("r1")).map(({ state }) => state);
      assert.equal(ends.length, 21);
      assert.ok(
        ends.every((state) => endsWith.rolled_back.includes(state)),
        ends.join(" "),
      );
    }
  });

  it("I7 brings every site to one end, wherever a release is killed", async () => {
    for (const plan of [good, patchFails, sealFails]) {
      for await (const [all, why] of killed(plan)) {
        await all.untilSettled();
        const state = await stateOf(all);
        assert.ok(state !== undefined && isEnd(state), `${why}: ${state}`);
        const allowed = endsWith[state as keyof typeof endsWith];
        const half = (await all.ledger.sites("r1")).filter((site) => !allowed.includes(site.state));
        assert.deepEqual(half, [], why);
      }
    }
  });

  it("I8 changes nothing, and calls nothing, when a release that stands is asked for again", async () => {
    const all = setting(good);
    await all.untilSettled();
    const [made, events] = [all.made.length, (await all.ledger.events("r1")).length];
    await all.up();
    assert.deepEqual([all.made.slice(made), (await all.ledger.events("r1")).length], [[], events]);
  });

  it("I9 lets new code run on new schemas only and old code on old ones only, at each moment of each way", async () => {
    const old: Release = {
      ...{ id: "old", from: "", state: "confirmed", reason: "", facts: {}, leftMs: Infinity },
      ...{ begunAt: 0, changedAt: 0, closedAt: 0, openedAt: 0, deadline: 0 },
    };
    let looks = 0;
    for (const plan of [good, patchFails, sealFails]) {
      for await (const [all, why] of killed(plan)) {
        all.ledger.rows.push(old);
        all.watch(() => {
          looks += 1;
          const schemas = (wanted: string) => standing.every((name) => all.world.sites.get(name)?.schema === wanted);
          if (mayNotRun(all.ledger.rows, "old", "web") === undefined) assert.ok(schemas("old"), `${why}: old code`);
          if (mayNotRun(all.ledger.rows, "r1", "web") === undefined) assert.ok(schemas("new"), `${why}: new code`);
        });
        await all.untilSettled();
      }
    }
    assert.ok(looks > 10_000, `${looks}`);
  });

  it("I10 goes all the way back, however often the way back is cut off", async () => {
    const { calls } = await lengthOf(patchFails);
    const back = (await failedAt(patchFails)) + 1;
    for (let first = back; first <= calls; first += 1) {
      for (const death of deaths) {
        const all = setting(new Map([...patchFails, [first, death], [first + 1, death], [first + 3, death]]));
        await all.untilSettled();
        assert.equal(await stateOf(all), "rolled_back", `${death} at ${first}`);
        asBefore(all, standing, `${death} at ${first}`);
      }
    }
  });

  it("I11 does not try a failed release again without a new attempt", async () => {
    const all = setting(patchFails);
    await all.untilSettled();
    const made = all.made.length;
    await assert.rejects(all.up(), /has failed \(rolled_back: migrate b.test fails\).* raise frappe:release.attempt/);
    assert.equal(all.made.length, made);
    all.next({ id: "r2" });
    assert.equal(await all.untilSettled(), undefined);
    assert.equal((await all.ledger.release("r2"))?.state, "confirmed");
  });
});

/** Number of the call that fails. */
async function failedAt(plan: Plan): Promise<number> {
  const all = setting(plan);
  await all.untilSettled();
  return all.made.findIndex((call) => plan.has(call)) + 1;
}
