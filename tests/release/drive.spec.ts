import assert from "node:assert/strict";
import fc from "fast-check";
import { backUp, confirm, migrate, prepare, verified } from "../../release/drive/forward.ts";
import { isSettled } from "../../release/drive/back.ts";
import type { Run } from "../../release/drive/run.ts";
import { endsWith, isEnd } from "../../release/machine.ts";
import { Life, MemoryLedger, ModelWorld } from "./support/memory.ts";

const standing = ["a.test", "b.test"];
const wanted = [...standing, "new.test"];
const fates = ["dies before", "dies half way", "dies after", "fails"] as const;

/** Dies or fails at the calls that `fates` names, by their number; goes well otherwise. */
function setting(plan: ReadonlyMap<number | string, (typeof fates)[number]>, kills: ReadonlySet<number> = new Set()) {
  let calls = 0;
  let writes = 0;
  const life = new Life();
  const left = new Map(plan);
  const once = (call: string) => {
    const fate = left.get(call);
    left.delete(call);
    return fate;
  };
  const world = new ModelWorld(life, standing, (call) => plan.get((calls += 1)) ?? once(call) ?? "well");
  const ledger = new MemoryLedger(life, () => kills.has((writes += 1)));
  const said: string[] = [];
  const run = async (): Promise<Run> => ({
    wanted: { id: "r1", sites: wanted, facts: {}, holdMs: 1_000 },
    ledger,
    world,
    hold: await ledger.take("runner"),
    say: (line) => said.push(line),
    reached: () => {},
    point: () => {},
  });
  /** One `up`: every step in order, as the engine runs them. */
  const up = async () => {
    for (const step of [prepare, backUp, migrate, verify, confirm]) {
      await step(await run());
    }
  };
  const verify = async (each: Run) => {
    if ((await ledger.release("r1"))?.state === "migrated") {
      await verified(each);
    }
  };
  /** The same `up` again and again, as long as it was killed. */
  const untilSettled = async (): Promise<Error | undefined> => {
    for (let tries = 0; tries < 60; tries += 1) {
      try {
        const died = life.begin();
        if ((await Promise.race([up(), died])) !== "died") {
          return undefined;
        }
      } catch (error) {
        assert.ok(error instanceof Error);
        return error;
      }
    }
    throw new Error("it does not end");
  };
  return { world, ledger, said, up, untilSettled };
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
      for (let call = 1; call <= 60; call += 1) {
        const all = setting(new Map([[call, fate]]));
        assert.equal(await all.untilSettled(), undefined, `call ${call}`);
        assert.equal((await all.ledger.release("r1"))?.state, "confirmed", `call ${call}`);
        await judge(all);
        reached += 1;
      }
      assert.equal(reached, 60);
    });
  }

  it("ends where it would have, whichever write to the ledger it dies at", async () => {
    for (let write = 1; write <= 40; write += 1) {
      const all = setting(new Map(), new Set([write]));
      assert.equal(await all.untilSettled(), undefined, `write ${write}`);
      await judge(all);
    }
  });

  for (const [fails, state, reason] of [
    ["backUp b.test", "aborted", /^backUp b.test fails/],
    ["close b.test", "aborted", /^close b.test fails/],
    ["drain", "aborted", /^drain fails/],
    ["seal b.test", "aborted", /^seal b.test fails/],
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
    const plan = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom(...fates)), { maxLength: 6 });
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
