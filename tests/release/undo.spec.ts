import assert from "node:assert/strict";
import fc from "fast-check";
import { undoIn } from "../../release/drive/undo.ts";
import { mayNotRun } from "../../release/guard.ts";
import { endsWith, isEnd } from "../../release/machine.ts";
import { fates, isSettled, setting, standing } from "./support/setting.ts";
import { facts, released, type Setting, twoReleases } from "./support/two-releases.ts";

const rowsSealed = async ({ ledger }: Setting, release: string, site: string): Promise<number> => {
  const found = (await ledger.sites(release)).find((each) => each.site === site);
  return (found?.facts["seal"] as { rows: number } | undefined)?.rows ?? NaN;
};

/** Rows that a site of r3's confirmed way back has: of r2's seal, and what was written since writes are open again. */
async function judge(all: Setting): Promise<void> {
  const { world, ledger } = all;
  const release = await ledger.release("r3");
  const state = release?.state ?? "aborted";
  const sites = await ledger.sites("r3");
  if (state === "needs_human") {
    assert.ok(standing.every((name) => world.sites.get(name)?.closed === true));
    return;
  }
  assert.ok(isEnd(state), `ended as ${state}`);
  assert.equal(world.suspended, false);
  const allowed = endsWith[state as keyof typeof endsWith];
  assert.deepEqual(
    sites.filter((each) => !allowed.includes(each.state)),
    [],
  );
  const back = state === "confirmed";
  for (const [index, name] of standing.entries()) {
    const [site, acknowledged = NaN] = [world.sites.get(name), world.acknowledged.get(name)];
    const written = back
      ? (await rowsSealed(all, "r2", name)) + acknowledged - (await rowsSealed(all, "r3", name))
      : acknowledged;
    assert.deepEqual(
      [site?.schema, site?.closed, site?.flags, site?.rows],
      [back ? "one" : "two", false, index, written],
      `${state}: ${name}`,
    );
  }
  const may = ["r1", "r2", "r3"].filter((id) => mayNotRun(ledger.rows, id, "worker") === undefined);
  assert.deepEqual(may, [back ? "r3" : "r2"]);
}

describe("release/drive: back to an earlier release, on purpose", () => {
  it("puts each site back to what it was when the release was left, and keeps what it gives up in a seal of its own", async () => {
    const all = await twoReleases();
    const before = new Map(all.world.acknowledged);
    assert.equal(await all.untilSettled(), undefined);
    await judge(all);
    for (const site of standing) {
      assert.ok((await rowsSealed(all, "r3", site)) >= (before.get(site) ?? NaN));
      assert.ok((await rowsSealed(all, "r3", site)) > (await rowsSealed(all, "r2", site)));
    }
    const release = await all.ledger.release("r3");
    assert.equal(release?.from, "r2");
    const undo = undoIn(release.facts);
    assert.equal(undo?.target, "r1");
    assert.deepEqual(
      Object.entries(undo.sites).map(([site, { by }]) => [site, by]),
      standing.map((site) => [site, "r2"]),
    );
  });

  it("says in prepare, in one line, what each site loses, and where that is kept", async () => {
    const all = await twoReleases();
    await all.untilSettled();
    const lines = all.said.filter((line) => line.startsWith("goes back to release r1: "));
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? "",
      /written to a\.test after \d{4}-\d\d-\d\d .* UTC, to b\.test after .*; it is kept in the seal/,
    );
    const ends = all.said.filter((line) => /as release r1 left it, and well; .* is in snapshot s\d+$/.test(line));
    assert.equal(ends.length, 2);
  });

  for (const fate of ["dies before", "dies half way", "dies after"] as const) {
    it(`ends where it would have, whichever call it ${fate}`, async () => {
      for (let call = 1; call <= 45; call += 1) {
        const all = await twoReleases({ plan: new Map([[call, fate]]) });
        assert.equal(await all.untilSettled(), undefined, `call ${call}`);
        assert.equal((await all.ledger.release("r3"))?.state, "confirmed", `call ${call}`);
        await judge(all);
      }
    });
  }

  it("ends where it would have, whichever write to the ledger it dies at", async () => {
    for (let write = 1; write <= 40; write += 1) {
      const all = await twoReleases({ kills: new Set([write]) });
      assert.equal(await all.untilSettled(), undefined, `write ${write}`);
      await judge(all);
    }
  });

  for (const [fails, state] of [
    ["rehearse b.test", "aborted"],
    ["seal b.test", "aborted"],
    ["returnTo a.test", "rolled_back"],
    ["returnTo b.test", "rolled_back"],
    ["check b.test", "rolled_back"],
  ] as const) {
    it(`ends as ${state} on the data of today when ${fails} fails, and may be tried again with the next attempt`, async () => {
      const all = await twoReleases({ plan: new Map([[fails, "fails"]]) });
      assert.match((await all.untilSettled())?.message ?? "", new RegExp(`^${fails} fails`));
      assert.equal((await all.ledger.release("r3"))?.state, state);
      await judge(all);
      assert.match((await all.untilSettled())?.message ?? "", /r3 has failed .* raise frappe:release.attempt/);
      all.next({ id: "r4", facts: facts("one", { rollbackTo: "r1", attempt: 2 }) });
      assert.equal(await all.untilSettled(), undefined);
      assert.equal((await all.ledger.release("r4"))?.from, "r2");
      assert.equal(all.world.sites.get("b.test")?.schema, "one");
    });
  }

  it("gives up when the restore of a site is cut off again and again, and goes back to the data of today", async () => {
    const cut = ["dies half way", "dies before", "dies after"] as const;
    const all = await twoReleases({ plan: new Map([["returnTo a.test", cut]]) });
    assert.match((await all.untilSettled())?.message ?? "", /^a\.test: its restore was cut off 3 times/);
    await judge(all);
  });

  it("loses nothing that its seal does not keep, whatever fails and dies in whatever order", async () => {
    const plan = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.constantFrom(...fates)), { maxLength: 6 });
    const kills = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(plan, kills, async (fated, killed) => {
        const all = await twoReleases({ plan: new Map(fated), kills: new Set(killed) });
        for (let ups = 0; ups < 10; ups += 1) {
          const error = await all.untilSettled();
          const state = (await all.ledger.release("r3"))?.state;
          if (error === undefined || (state !== undefined && isSettled(state))) break;
          if (state === undefined) assert.match(error.message, / fails$/);
          else assert.ok(["verified", "aborting", "rolling_back"].includes(state), error.message);
        }
        await judge(all);
      }),
      { numRuns: 800 },
    );
  });
});

describe("release/drive: after a rollback on purpose", () => {
  it("is undone by another, which brings back what the first gave up", async () => {
    const all = await twoReleases();
    await all.untilSettled();
    await released(all, "r4", "two", { rollbackTo: "r2" });
    assert.equal((await all.ledger.release("r4"))?.from, "r3");
    for (const site of standing) {
      assert.equal(all.world.sites.get(site)?.schema, "two");
      assert.ok((all.world.sites.get(site)?.rows ?? 0) >= (await rowsSealed(all, "r3", site)));
    }
    assert.equal(mayNotRun(all.ledger.rows, "r4", "web"), undefined);
    assert.equal(mayNotRun(all.ledger.rows, "r2", "web"), "the schema is that of release r4");
  });

  it("goes forward again from what it put back, with the release that goes back as the one before", async () => {
    const all = await twoReleases();
    await all.untilSettled();
    await released(all, "r4", "three");
    assert.equal((await all.ledger.release("r4"))?.from, "r3");
    assert.equal(all.world.sites.get("a.test")?.schema, "three");
    assert.equal(mayNotRun(all.ledger.rows, "r4", "web"), undefined);
  });

  it("goes back over several releases at once, to the seal that was taken when the target was left", async () => {
    const all = await twoReleases();
    await released(all, "r3", "three");
    await released(all, "r4", "four");
    await released(all, "r5", "two", { rollbackTo: "r2" });
    await released(all, "r6", "one", { rollbackTo: "r1" });
    const chain = all.ledger.rows.map(({ id, from }) => [id, from]);
    assert.deepEqual(chain.slice(4), [
      ["r5", "r4"],
      ["r6", "r5"],
    ]);
    assert.deepEqual(
      standing.map((site) => undoIn(all.ledger.rows.at(-1)?.facts ?? {})?.sites[site]?.by),
      ["r2", "r2"],
    );
    assert.equal(all.world.sites.get("a.test")?.schema, "one");
  });
});

describe("release/drive: sites that were not part of every release", () => {
  it("takes no seal of a release that went back itself: writes went on after it", async () => {
    const all = setting();
    await released(all, "r1", "one");
    all.world.code = "two";
    all.next({ id: "r2", sites: standing, facts: facts("two") }, { plan: new Map([["check b.test", "fails"]]) });
    assert.match((await all.untilSettled())?.message ?? "", /^check b\.test fails/);
    for (let count = 0; count < 5; count += 1) all.world.users();
    await released(all, "r3", "three");
    await released(all, "r4", "one", { rollbackTo: "r1" });
    const undo = undoIn(all.ledger.rows.at(-1)?.facts ?? {});
    assert.deepEqual(
      standing.map((site) => undo?.sites[site]?.by),
      ["r3", "r3"],
    );
  });

  it("takes the seal of whichever release wrote to a site first, and leaves a site alone that none has written to", async () => {
    const all = setting();
    await released(all, "r1", "one");
    await released(all, "r2", "two", { sites: ["a.test"] });
    const untouched = all.world.sites.get("b.test")?.rows ?? NaN;
    await released(all, "r3", "one", { rollbackTo: "r1" });
    assert.deepEqual(Object.keys(undoIn(all.ledger.rows.at(-1)?.facts ?? {})?.sites ?? {}), ["a.test"]);
    assert.ok((all.world.sites.get("b.test")?.rows ?? NaN) >= untouched);
    await released(all, "r4", "two", { sites: ["a.test"] });
    await released(all, "r5", "three");
    await released(all, "r6", "one", { rollbackTo: "r3" });
    const undo = undoIn(all.ledger.rows.at(-1)?.facts ?? {});
    assert.deepEqual(
      standing.map((site) => [site, undo?.sites[site]?.by, all.world.sites.get(site)?.schema]),
      [
        ["a.test", "r4", "one"],
        ["b.test", "r5", "one"],
      ],
    );
  });
});
