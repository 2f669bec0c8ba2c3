// What is not code alone is refused before anything is changed; and so is the way back on purpose over a release that sealed nothing.
import assert from "node:assert/strict";
import { apps, code, declared, facts, plain, type Setting, stateOf, untouched } from "./support/code-only.ts";
import { setting } from "./support/setting.ts";

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
