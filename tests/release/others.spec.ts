import assert from "node:assert/strict";
import { prepare } from "../../release/drive/forward.ts";
import { isEnd } from "../../release/machine.ts";
import { type Plan, setting, standing, stuck } from "./support/setting.ts";

type Setting = ReturnType<typeof setting>;

/** One `up` that is killed at its n-th write to the ledger; whether it was. */
async function begun(plan: Plan, write: number): Promise<readonly [Setting, boolean]> {
  const all = setting(plan, new Set([write]));
  const died = all.dies();
  const ended = await Promise.race([all.up().catch(() => "failed"), died]);
  return [all, ended === "died"];
}

/** Every site serves on one schema, open, with every row that was acknowledged. */
function served({ world }: Setting, schema: string, why: string): void {
  for (const [index, name] of standing.entries()) {
    const { schema: now, closed, flags, rows } = world.sites.get(name) ?? {};
    assert.deepEqual(
      [now, closed, flags, rows],
      [schema, false, index, world.acknowledged.get(name)],
      `${why}: ${name}`,
    );
  }
  assert.equal(world.suspended, false, why);
}

describe("release/drive/others", () => {
  for (const [name, plan] of [
    ["would have stood", new Map()],
    ["was going back", new Map([["migrate b.test", "fails"]])],
    ["was being aborted", new Map([["seal b.test", "fails"]])],
  ] as readonly (readonly [string, Plan])[]) {
    it(`takes a release back that ${name} and was left anywhere, before the next one begins`, async () => {
      const left = new Set<string>();
      for (let write = 1; ; write += 1) {
        const [all, died] = await begun(plan, write);
        if (!died) break;
        const state = (await all.ledger.release("r1"))?.state;
        const why = `write ${write}: ${state}`;
        all.next({ id: "r2" });
        const refused = await all.untilSettled();
        if (state === "verified") {
          assert.match(refused?.message ?? "", /nothing was changed; release r1 is verified/);
          continue;
        }
        if (state !== undefined && !isEnd(state)) left.add(state);
        assert.equal(refused, undefined, why);
        assert.equal((await all.ledger.release("r2"))?.state, "confirmed", why);
        const before = (await all.ledger.release("r1"))?.state;
        assert.ok(before === undefined || isEnd(before), `${why}, and then ${before}`);
        served(all, "new", why);
      }
      assert.ok(left.size >= 2, [...left].join());
    });
  }

  it("says so, and begins nothing, where that way back fails; and goes on when it is asked again", async () => {
    const all = setting(stuck);
    await all.untilSettled();
    all.next({ id: "r2" }, { plan: new Map([["restore a.test", "fails"]]) });
    await assert.rejects(prepare(await all.run()), /release r1: .*restore a\.test fails; writes stay closed/);
    assert.equal(await all.ledger.release("r2"), undefined);
    all.next({ id: "r2" });
    assert.equal(await all.untilSettled(), undefined);
    assert.equal((await all.ledger.release("r1"))?.state, "rolled_back");
    served(all, "new", "in the end");
  });

  it("brings back the release that stands by asking for it again, with writes open", async () => {
    const all = setting();
    assert.equal(await all.untilSettled(), undefined);
    all.world.code = "newer";
    all.next({ id: "r2" }, { kills: new Set([20]) });
    await Promise.race([all.up().catch(() => undefined), all.dies()]);
    const state = (await all.ledger.release("r2"))?.state ?? "none";
    assert.ok(!isEnd(state as "closing"), state);
    all.world.code = "new";
    all.next({ id: "r1" });
    assert.equal(await all.untilSettled(), undefined);
    served(all, "new", `r2 was left ${state}`);
  });
});
