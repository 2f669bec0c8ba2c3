import assert from "node:assert/strict";
import { setting, standing } from "./support/setting.ts";
import { apps, facts, image, released, type Setting, twoReleases } from "./support/two-releases.ts";

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
