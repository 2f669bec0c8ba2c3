// Releases of code only, over worlds that die and fail: nothing closes, nothing is migrated, and what is not code alone is refused.
import assert from "node:assert/strict";
import fc from "fast-check";
import { mayNotRun } from "../../release/guard.ts";
import { endsWith, isEnd } from "../../release/machine.ts";
import { fates, type Plan, setting, standing } from "./support/setting.ts";

const deaths = ["dies before", "dies half way", "dies after"] as const;
const sites = [...standing, "new.test"];
const plain = { apps: ["frappe"], settings: { sessionExpiry: "12:00" }, state: "active" };
const declared = (changes: object = {}) => ({
  ...Object.fromEntries(sites.map((site): [string, unknown] => [site, plain])),
  ...changes,
});
const apps = (version: string) => [{ name: "frappe", version }];
const facts = (more: object = {}) => ({
  ...{ image: "i@sha256:two", attempt: 1, strategy: "rolling", apps: apps("1.1.0"), declared: declared() },
  ...more,
});

/** All that closes, seals, writes or opens. */
const touches =
  /^(close|flagsOf|untilClosed|quiet|open|drain|still|endWorkers|resume|queueState|seal|migrate|create)|^(restore|remove|archive|revive|keep|check|returnTo)/;

/** A release that stands, and the next one of code only. */
async function code(plan: Plan = new Map(), kills: ReadonlySet<number> = new Set(), more: object = {}) {
  const all = setting();
  all.next({ facts: facts({ image: "i@sha256:one", strategy: "blueGreen", apps: apps("1.2.0") }) });
  assert.equal(await all.untilSettled(), undefined);
  all.made.length = 0;
  all.said.length = 0;
  all.next({ id: "r2", sites, facts: facts(more) }, { plan, kills });
  return all;
}
type Setting = Awaited<ReturnType<typeof code>>;

const stateOf = async ({ ledger }: Setting) => (await ledger.release("r2"))?.state;

/** Every site as users have it all the time: open, on the schema that it was on, with each row that was acknowledged. */
function untouched(all: Setting, why: string): void {
  const { world, made } = all;
  assert.deepEqual(
    made.filter((call) => touches.test(call)),
    [],
    why,
  );
  for (const site of sites) {
    const { schema, closed, rows } = world.sites.get(site) ?? {};
    assert.deepEqual([schema, closed, rows], ["new", false, world.acknowledged.get(site) ?? rows], `${why}: ${site}`);
  }
  assert.deepEqual([world.suspended, world.workers], [false, undefined], why);
}

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
  it("backs each site up, migrates nothing, and clears what was cached for the old code", async () => {
    const all = await code();
    assert.equal(await all.untilSettled(), undefined);
    assert.deepEqual(all.made, [
      ...["inspect", ...sites.map((site) => `backUp ${site}`), ...sites.map((site) => `refresh ${site}`)],
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

describe("release/drive: what is not code alone", () => {
  /** What `prepare` says; nothing was changed. */
  async function refusal(all: Setting): Promise<string> {
    const message = (await all.untilSettled())?.message ?? "";
    assert.equal(await all.ledger.release("r2"), undefined);
    untouched(all, message);
    return message;
  }

  it("is refused as another app's patches, by app and kind, all at once, for both strategies", async () => {
    for (const strategy of ["rolling", "canary"]) {
      const all = await code(new Map(), new Set(), { strategy });
      all.world.image = { frappe: { patches: "2", hooks: "1", documents: "1" }, hrms: { hooks: "1" } };
      const message = await refusal(all);
      assert.match(
        message,
        /^nothing was changed; 2 problems: frappe: the image has other patches, documents than release r1:/,
      );
      assert.match(
        message,
        /; hrms: release r1 does not have this app: frappe:release\.strategy \w+ migrates nothing; take /,
      );
      assert.ok(
        message.endsWith(
          `frappe:release.strategy ${strategy} migrates nothing; take frappe:release.strategy blueGreen`,
        ),
      );
    }
    const without = await code();
    without.world.image = {};
    assert.match(await refusal(without), /frappe: release r1 has this app, and the image does not/);
  });

  it("is refused before the first release, and after one whose code was not recorded", async () => {
    const first = setting();
    first.next({ facts: facts() });
    assert.match(
      (await first.untilSettled())?.message ?? "",
      /no release stands yet, .*: take frappe:release\.strategy/,
    );
    const old = await code();
    old.ledger.rows[0] = { ...(old.ledger.rows[0] as (typeof old.ledger.rows)[0]), facts: { strategy: "blueGreen" } };
    assert.match(
      await refusal(old),
      /of release r1 it is not known whether its code needs a migration: take .* blueGreen this time/,
    );
  });

  for (const [what, changes, says] of [
    ["other apps", { "a.test": { ...plain, apps: ["frappe", "hrms"] } }, /a\.test: its apps, settings or state are/],
    ["other settings", { "a.test": { ...plain, settings: {} } }, /a\.test: its apps, settings or state are declared/],
    ["an archived site", { "b.test": { ...plain, state: "archived" } }, /b\.test: its apps, settings or state are/],
    ["a new site", { "more.test": plain }, /more\.test: release r1 does not have this site/],
  ] as const) {
    it(`is refused as ${what}`, async () => {
      const all = await code(new Map(), new Set(), { declared: declared(changes) });
      assert.match(await refusal(all), says);
    });
  }

  it("is refused for a site that is declared as before and is not there", async () => {
    const all = await code();
    all.world.sites.delete("a.test");
    const message = (await all.untilSettled())?.message ?? "";
    assert.match(message, /nothing was changed; a\.test: it is not there: /);
  });

  it("is judged by the release that stands, not by one that failed since", async () => {
    const all = await code();
    all.world.image = { frappe: { patches: "2" } };
    all.next(
      { id: "failed", facts: facts({ strategy: "blueGreen", apps: apps("1.3.0") }) },
      { plan: new Map([["drain", "fails"]]) },
    );
    await all.untilSettled();
    all.made.length = 0;
    all.next({ id: "r2", facts: facts() });
    assert.match(
      (await all.untilSettled())?.message ?? "",
      /frappe: the image has other patches, hooks than release r1/,
    );
  });

  it("is no matter for a release that migrates", async () => {
    const all = await code(new Map(), new Set(), { strategy: "blueGreen", apps: apps("1.3.0") });
    all.world.image = { frappe: { patches: "2" } };
    all.world.code = "newer";
    assert.equal(await all.untilSettled(), undefined);
    assert.equal(await stateOf(all), "confirmed");
    assert.ok(all.made.includes("migrate a.test"));
  });
});

describe("release/drive: back to a release that was left by code alone", () => {
  it("is refused, as nothing was sealed then, with the way to run its image again", async () => {
    const all = await code();
    await all.untilSettled();
    const image = "i@sha256:one";
    all.next({ id: "r3", facts: facts({ image, apps: apps("1.2.0"), strategy: "blueGreen", rollbackTo: "r1" }) });
    assert.match(
      (await all.untilSettled())?.message ?? "",
      /release r1 was left by release r2, which changed code alone \(rolling\) and sealed nothing: declare its image again with frappe:release\.strategy rolling/,
    );
    all.next({ id: "r4", facts: facts({ image, attempt: 2, apps: apps("1.0.0") }) });
    assert.equal(await all.untilSettled(), undefined, "an older version goes, as its schema is the same");
  });

  it("names the release to go back to first, where one that migrates has followed since", async () => {
    const all = await code();
    await all.untilSettled();
    all.world.code = "newer";
    all.next({ id: "r3", facts: facts({ strategy: "blueGreen", apps: apps("1.3.0"), image: "i@sha256:three" }) });
    assert.equal(await all.untilSettled(), undefined);
    const to = (rollbackTo: string) => facts({ strategy: "blueGreen", rollbackTo, attempt: 2, image: "i@sha256:two" });
    all.next({ id: "r4", facts: to("r1") });
    assert.match(
      (await all.untilSettled())?.message ?? "",
      /go back to release r2 first, which has the same schema; then declare/,
    );
    all.next({ id: "r4", facts: to("r9") });
    assert.match((await all.untilSettled())?.message ?? "", /it can go back to: r2$/);
    all.world.code = "new";
    all.next({ id: "r4", facts: to("r2") });
    assert.equal(await all.untilSettled(), undefined);
  });
});
