import assert from "node:assert/strict";
import fc from "fast-check";
import { backUp, confirm, migrate, prepare } from "../../release/drive/forward.ts";
import { endsWith, isEnd } from "../../release/machine.ts";
import { fates, isSettled, setting as settingOf, standing, stuck } from "./support/setting.ts";

/** Declared archived with the release; it is in use before. */
const gone = "gone.test";

function setting(...plan: Parameters<typeof settingOf>) {
  const all = settingOf(...plan);
  all.world.sites.set(gone, { rows: 10, schema: "old", closed: false, flags: 0 });
  all.next({ archived: [gone] }, { plan: plan[0] ?? new Map(), kills: plan[1] ?? new Set() });
  return all;
}

async function judge({ world, ledger }: ReturnType<typeof setting>): Promise<void> {
  const release = await ledger.release("r1");
  const state = release?.state ?? "aborted";
  const sites = await ledger.sites("r1");
  if (state === "needs_human") {
    const touched = sites.filter(({ facts }) => facts["flags"] !== undefined).map(({ site }) => world.sites.get(site));
    assert.ok(
      touched.every((site) => site?.closed === true),
      "a site that needs a person is open",
    );
    return;
  }
  assert.ok(isEnd(state), `ended as ${state}`);
  assert.equal(world.suspended, false, `${state}: the queue is left suspended`);
  if (release !== undefined) {
    const allowed = endsWith[state as keyof typeof endsWith];
    assert.deepEqual(
      sites.filter((each) => !allowed.includes(each.state)),
      [],
      state,
    );
  }
  for (const [index, name] of standing.entries()) {
    const site = world.sites.get(name);
    assert.deepEqual(
      [site?.schema, site?.closed, site?.flags, site?.rows],
      [state === "confirmed" ? "new" : "old", false, index, world.acknowledged.get(name)],
      `${state}: ${name}`,
    );
  }
  assert.equal(world.archived.has(gone), state === "confirmed", `${state}: ${gone}`);
  assert.notEqual([state, world.workers], ["confirmed", "old"], "a worker of the old release runs on the new schema");
  const { closedAt = 0, openedAt = 0 } = release ?? {};
  assert.equal(openedAt > 0, closedAt > 0, `${state}: writes were closed and never opened, by the record`);
  assert.equal(world.sites.get("new.test")?.schema, state === "confirmed" ? "new" : undefined, state);
}

describe("release/drive", () => {
  it("brings a release to its end, makes the new site, and changes nothing the second time", async () => {
    const all = setting(new Map());
    assert.equal(await all.untilSettled(), undefined);
    await judge(all);
    const events = (await all.ledger.events("r1")).length;
    await all.up();
    assert.equal((await all.ledger.events("r1")).length, events);
    assert.deepEqual(all.said.slice(-2), ["release r1 stands", "release r1 stands"]);
  });

  for (const fate of ["dies before", "dies half way", "dies after"] as const) {
    it(`ends where it would have, whichever call it ${fate}`, async () => {
      let reached = 0;
      for (let call = 1; call <= 80; call += 1) {
        const all = setting(new Map([[call, fate]]));
        assert.equal(await all.untilSettled(), undefined, `call ${call}`);
        assert.equal((await all.ledger.release("r1"))?.state, "confirmed", `call ${call}`);
        await judge(all);
        reached += 1;
      }
      assert.equal(reached, 80);
    });
  }

  it("ends where it would have, whichever write to the ledger it dies at", async () => {
    for (let write = 1; write <= 50; write += 1) {
      const all = setting(new Map(), new Set([write]));
      assert.equal(await all.untilSettled(), undefined, `write ${write}`);
      await judge(all);
    }
  });

  for (const [fails, state, reason] of [
    ["backUp b.test", "aborted", /^backUp b.test fails/],
    ["close b.test", "aborted", /^close b.test fails/],
    ["drain", "aborted", /^drain fails/],
    ["untilClosed b.test", "aborted", /^untilClosed b.test fails/],
    ["archive gone.test", "aborted", /^archive gone.test fails/],
    ["still", "aborted", /^still fails/],
    ["seal b.test", "aborted", /^seal b.test fails/],
    ["endWorkers", "rolled_back", /^endWorkers fails/],
    ["migrate b.test", "rolled_back", /^migrate b.test fails/],
    ["check a.test", "rolled_back", /^check a.test fails/],
    ["create new.test", "rolled_back", /^create new.test fails/],
    ["check new.test", "rolled_back", /^check new.test fails/],
  ] as const) {
    it(`goes back to ${state} when ${fails} fails, says why, and refuses the same release from then on`, async () => {
      const all = setting(new Map([[fails, "fails"]]));
      assert.match((await all.untilSettled())?.message ?? "", reason);
      const release = await all.ledger.release("r1");
      assert.deepEqual([release?.state, reason.test(release?.reason ?? "")], [state, true]);
      await judge(all);
      const events = (await all.ledger.events("r1")).length;
      assert.match((await all.untilSettled())?.message ?? "", /has failed .* raise frappe:release.attempt/);
      assert.equal((await all.ledger.events("r1")).length, events);
    });
  }

  it("asks for a person, and leaves writes closed, when the seal of one site cannot be put back", async () => {
    const all = setting(
      new Map([
        ["migrate b.test", "fails"],
        ["restore a.test", "fails"],
      ] as const),
    );
    assert.match(
      (await all.untilSettled())?.message ?? "",
      /restore a.test fails; writes stay closed, nothing was deleted/,
    );
    assert.equal((await all.ledger.release("r1"))?.state, "needs_human");
    await judge(all);
    assert.equal(all.world.sites.get("b.test")?.schema, "old", "the other site is put back all the same");
  });

  it("tries that way back once more when it is asked again, and says what failed last", async () => {
    const all = setting(stuck);
    await all.untilSettled();
    const again = async () => {
      await prepare(await all.run());
      await backUp(await all.run());
      await migrate(await all.run());
    };
    await assert.rejects(
      again(),
      /migrate b\.test fails; and the way back failed: a\.test: restore a\.test fails; writes/,
    );
    await assert.rejects(again(), /migrate b\.test fails; every site is as it was before/);
    assert.equal((await all.ledger.release("r1"))?.state, "rolled_back");
    await judge(all);
  });

  it("ends no step of a release that went back as if it were done, and says so", async () => {
    for (const [fails, state] of [
      [["backUp b.test"], "aborted"],
      [["migrate b.test"], "rolled_back"],
    ] as const) {
      const all = setting(new Map(fails.map((call) => [call, "fails"])));
      await all.untilSettled();
      for (const step of [prepare, backUp, migrate, confirm]) {
        await assert.rejects(
          step(await all.run()),
          new RegExp(`^Error: release r1 (is|has failed \\()${state}|${state}`),
        );
      }
      assert.equal((await all.ledger.release("r1"))?.state, state);
    }
  });

  it("takes whatever runs a job while writes are closed for a failure, before the seal and after the migration", async () => {
    for (const [begins, state] of [
      ["closing:a.test", "aborted"],
      ["migrated:a.test", "rolled_back"],
    ] as const) {
      const all = setting();
      const run = async () => ({
        ...(await all.run()),
        point: (name: string) => void (name === begins && all.world.restless.push("job 7 of w1")),
      });
      await prepare(await run());
      await backUp(await run());
      await assert.rejects(migrate(await run()), /writes are closed, and yet: job 7 of w1/);
      assert.equal((await all.ledger.release("r1"))?.state, state);
      await judge(all);
    }
  });

  it("is called off while a request of before is still at work, with everything as it was", async () => {
    const all = setting();
    all.world.busy.add("b.test");
    assert.match((await all.untilSettled())?.message ?? "", /b\.test: somebody is still at work/);
    assert.equal((await all.ledger.release("r1"))?.state, "aborted");
    await judge(all);
  });

  it("can repair a site that nobody serves, and says that nobody writes to it", async () => {
    const all = setting();
    all.world.unserved.add("b.test");
    assert.equal(await all.untilSettled(), undefined);
    await judge(all);
    assert.deepEqual(all.said.filter((line) => /closed|nobody/.test(line)).slice(0, 2), [
      "a.test: writes are closed",
      "b.test: nobody serves it (connection refused or 502, all the time), so nobody writes to it",
    ]);
  });

  it("leaves a site archived that was so before, when the release goes back", async () => {
    const all = setting(new Map([["migrate b.test", "fails"]]));
    all.world.archived.add(gone);
    await all.untilSettled();
    assert.equal((await all.ledger.release("r1"))?.state, "rolled_back");
    assert.equal(all.world.archived.has(gone), true);
  });

  it("changes nothing when an inspection finds problems, and names them all", async () => {
    const all = setting(new Map());
    all.world.problems.push("the clock is off", "the image lacks hrms");
    await assert.rejects(all.up(), /nothing was changed; 2 problems: the clock is off; the image lacks hrms/);
    assert.deepEqual(await all.ledger.releases(), []);
  });

  it("never goes back once writes may be open: what fails there is made again", async () => {
    const all = setting(new Map([["open b.test", "fails"]] as const));
    const first = await all.untilSettled();
    const state = (await all.ledger.release("r1"))?.state;
    assert.deepEqual([first === undefined, state], [false, "verified"]);
    assert.equal(await all.untilSettled(), undefined);
    await judge(all);
  });

  it("loses nothing and leaves one end, whatever fails and dies in whatever order", async () => {
    const plan = fc.array(fc.tuple(fc.integer({ min: 1, max: 80 }), fc.constantFrom(...fates)), { maxLength: 6 });
    const kills = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(plan, kills, async (fated, killed) => {
        const all = setting(new Map(fated), new Set(killed));
        // A call that fails after the switch, or on the way back, is made again by the next `up`.
        for (let ups = 0; ups < 10; ups += 1) {
          const error = await all.untilSettled();
          const state = (await all.ledger.release("r1"))?.state;
          if (error === undefined || (state !== undefined && isSettled(state))) break;
          assert.ok(state === undefined || ["verified", "aborting", "rolling_back"].includes(state), error.message);
        }
        await judge(all);
      }),
      { numRuns: 3_000 },
    );
  });
});
