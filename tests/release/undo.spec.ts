import assert from "node:assert/strict";
import fc from "fast-check";
import { isSettled } from "../../release/drive/back.ts";
import { undoIn } from "../../release/drive/undo.ts";
import { mayNotRun } from "../../release/guard.ts";
import { endsWith, isEnd } from "../../release/machine.ts";
import { fates, setting, standing } from "./support/setting.ts";

const apps = [
  { name: "frappe", version: "1" },
  { name: "erpnext", version: "1" },
];
const image = (code: string) => `registry.example.com/bench:${code}@sha256:${code}`;
const facts = (code: string, more: object = {}) => ({ image: image(code), apps, attempt: 1, ...more });

type Setting = ReturnType<typeof setting>;

/** A release of some code stands afterwards. */
async function released(all: Setting, id: string, code: string, more: { sites?: string[]; rollbackTo?: string } = {}) {
  const { sites = standing, rollbackTo } = more;
  all.world.code = code;
  all.next({ id, sites, facts: facts(code, rollbackTo === undefined ? {} : { rollbackTo }) });
  assert.equal(await all.untilSettled(), undefined);
}

/** Two releases stood, and users wrote before, between and after them; the next `up` goes back to the first. */
async function twoReleases(fated: Parameters<Setting["next"]>[1] = {}) {
  const all = setting();
  await released(all, "r1", "one");
  for (let count = 0; count < 5; count += 1) all.world.users();
  await released(all, "r2", "two");
  for (let count = 0; count < 7; count += 1) all.world.users();
  all.world.code = "one";
  all.next({ id: "r3", facts: facts("one", { rollbackTo: "r1" }) }, fated);
  return all;
}

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
  const may = ["r1", "r2", "r3"].filter((id) => mayNotRun(ledger.rows, id) === undefined);
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
    assert.equal(mayNotRun(all.ledger.rows, "r4"), undefined);
    assert.equal(mayNotRun(all.ledger.rows, "r2"), "the schema is that of release r4");
  });

  it("goes forward again from what it put back, with the release that goes back as the one before", async () => {
    const all = await twoReleases();
    await all.untilSettled();
    await released(all, "r4", "three");
    assert.equal((await all.ledger.release("r4"))?.from, "r3");
    assert.equal(all.world.sites.get("a.test")?.schema, "three");
    assert.equal(mayNotRun(all.ledger.rows, "r4"), undefined);
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

describe("release/drive: a rollback that is refused", () => {
  /** What prepare says; nothing was changed. */
  const refusalOf = async (all: Setting, more: Parameters<Setting["next"]>[0]): Promise<string> => {
    const [releases, sites] = [structuredClone(all.ledger.rows), structuredClone(all.world.sites)];
    all.next(more);
    const { message = "" } = (await all.untilSettled()) ?? {};
    assert.deepEqual(all.ledger.rows, releases);
    for (const [name, { schema, closed }] of sites) {
      assert.deepEqual([all.world.sites.get(name)?.schema, all.world.sites.get(name)?.closed], [schema, closed]);
    }
    return message;
  };
  const back = (rollbackTo: string, more: object = {}) => ({ id: "r9", facts: facts("one", { rollbackTo, ...more }) });

  it("names a release that the ledger does not know, and those that it can go back to", async () => {
    const all = await twoReleases();
    await released(all, "r3", "three");
    assert.equal(
      await refusalOf(all, back("0123456789")),
      "nothing was changed; frappe:release.rollbackTo: release 0123456789 is not in the ledger; it can go back to: r2, r1",
    );
  });

  it("names one that never stood", async () => {
    const all = await twoReleases();
    all.world.code = "three";
    all.next({ id: "r3", facts: facts("three") }, { plan: new Map([["check a.test", "fails"]]) });
    await all.untilSettled();
    assert.match(await refusalOf(all, back("r3")), /release r3 never stood \(rolled_back\); it can go back to: r1$/);
  });

  it("names the one that stands", async () => {
    const all = await twoReleases();
    assert.match(
      await refusalOf(all, back("r2")),
      /release r2 is the one that stands; take the key out, or name another: r1$/,
    );
  });

  it("says which image and which apps the stack file has to have, both at once", async () => {
    const all = await twoReleases();
    const message = await refusalOf(all, back("r1", { image: image("two"), apps: apps.slice(0, 1) }));
    assert.match(message, /2 problems: /);
    assert.ok(message.includes(`frappe:image is ${image("two")}, and release r1 ran ${image("one")}: put that image`));
    assert.match(
      message,
      /frappe:image\.apps are frappe 1, and those of release r1 were erpnext 1, frappe 1: put those/,
    );
  });

  it("takes the same digest under another tag, and the same apps in another order", async () => {
    const all = await twoReleases();
    const same = { image: "mirror.example.com/bench:again@sha256:one", apps: apps.toReversed() };
    all.next(back("r1", same));
    assert.equal(await all.untilSettled(), undefined);
  });

  it("has no seal to put back: none in the ledger, or none in the repository any more", async () => {
    const all = await twoReleases();
    const [first] = await all.ledger.sites("r2");
    all.world.forget((first?.facts["seal"] as { snapshot: string }).snapshot);
    assert.match(await refusalOf(all, back("r1")), /^nothing was changed; a\.test: s\d+ is gone$/);
    const anew = setting();
    await released(anew, "r1", "one");
    await released(anew, "r2", "two", { sites: ["a.test"] });
    anew.world.sites.delete("b.test");
    await released(anew, "r3", "three");
    anew.world.code = "one";
    assert.match(
      await refusalOf(anew, back("r1")),
      /b\.test: the ledger has no seal of it that release r3 took when r1 was left; restore the site from a backup/,
    );
  });

  it("would take along a site that the target did not have: it is never dropped", async () => {
    const all = await twoReleases();
    await released(all, "r3", "three", { sites: [...standing, "new.test"] });
    all.world.code = "one";
    const message = await refusalOf(all, { ...back("r1"), sites: [...standing, "new.test"] });
    assert.match(
      message,
      /^nothing was changed; new\.test: release r1 did not have this site; take it out of frappe:sites/,
    );
    all.next({ ...back("r1"), sites: standing });
    assert.equal(await all.untilSettled(), undefined);
    assert.equal(all.world.sites.get("new.test")?.schema, "three", "a site that is not declared stays as it is");
  });

  it("would put back a site that is not there", async () => {
    const all = await twoReleases();
    all.world.sites.delete("b.test");
    assert.match(await refusalOf(all, back("r1")), /b\.test: it is not there, so that there is nothing to seal/);
  });

  it("was made already, and the key was left in the stack file for the next change", async () => {
    const all = await twoReleases();
    await all.untilSettled();
    assert.match(await refusalOf(all, back("r1")), /release r3 has gone back to r1 already; take the key out/);
    all.next(back("r1", { attempt: 2 }));
    assert.equal(await all.untilSettled(), undefined);
  });

  it("is none at all: an earlier release that is asked for again without the key", async () => {
    const all = await twoReleases();
    assert.match(
      await refusalOf(all, { id: "r1", facts: facts("one") }),
      /^release r1 stood before, and r2 stands now: .* set frappe:release\.rollbackTo: r1; .* raise frappe:release\.attempt/,
    );
    all.next({ id: "r3", facts: facts("one", { rollbackTo: "r1" }) });
    await all.untilSettled();
    assert.match(
      await refusalOf(all, { id: "r1", facts: facts("one") }),
      /^release r3 has gone back to r1 and stands: leave frappe:release\.rollbackTo: r1 in the stack file until the next/,
    );
  });
});
