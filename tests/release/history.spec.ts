import assert from "node:assert/strict";
import fc from "fast-check";
import { prepare } from "../../release/drive/forward.ts";
import { isOlder } from "../../release/drive/history.ts";
import type { Past } from "../../release/world.ts";
import { setting } from "./support/setting.ts";

const apps = (erpnext: string, frappe = "15.51.1") => [
  { name: "frappe", version: frappe },
  { name: "erpnext", version: erpnext },
];
const facts = (image: string, attempt = 1, erpnext = "15.50.0") => ({
  image: `registry.test/bench@sha256:${image}`,
  attempt,
  apps: apps(erpnext),
});

/** A release that stands: r1, of image `one`. */
async function stands(attempt = 1) {
  const all = setting();
  all.next({ facts: facts("one", attempt) });
  assert.equal(await all.untilSettled(), undefined);
  all.world.code = "newer";
  return all;
}

/** Whether the next release is refused, and with which words; nothing is changed then. */
async function refused(all: Awaited<ReturnType<typeof stands>>, wanted: object): Promise<string> {
  all.next({ id: "r2", facts: wanted as Record<string, unknown> });
  // Users write on meanwhile.
  const stand = async () =>
    JSON.stringify([await all.ledger.releases(), [...all.world.sites].map(([site, at]) => ({ site, ...at, rows: 0 }))]);
  const before = await stand();
  const error = await prepare(await all.run()).then(
    () => undefined,
    (reason: Error) => reason,
  );
  if (error === undefined) return "";
  assert.equal(await stand(), before);
  return String(error);
}

describe("release: what earlier releases have against one", () => {
  it("refuses an attempt below the one that the same image had, under whichever name, and says which to set", async () => {
    const all = await stands(3);
    const said = await refused(all, { ...facts("one", 2), image: "mirror.test/bench@sha256:one" });
    assert.match(
      said,
      /nothing was changed; frappe:release\.attempt is 2, and release r1 of the same image was attempt 3/,
    );
    assert.match(said, /\(confirmed\): set it to 3$/);
    assert.equal(await refused(await stands(3), facts("one", 3)), "");
    assert.equal(await refused(await stands(3), facts("two", 1)), "");
  });

  it("asks for one more than the highest attempt that has failed", async () => {
    const all = await stands();
    all.next({ id: "r2", facts: facts("two", 2) }, { plan: new Map([["drain", "fails"]]) });
    await all.untilSettled();
    all.next({ id: "r3" });
    assert.match(await refused(all, { ...facts("two", 1) }), /r2 has failed/);
    all.next({ id: "r3", facts: facts("two", 1) });
    await assert.rejects(prepare(await all.run()), /was attempt 2 \(aborted\): set it to 3$/);
  });

  it("refuses each app that is older than what stands, unless the release goes back on purpose", async () => {
    const said = await refused(await stands(), { ...facts("two"), apps: apps("15.49.2", "14.9.0") });
    assert.match(said, /2 problems: the image has frappe 14\.9\.0, and release r1 runs 15\.51\.1/);
    assert.match(
      said,
      /erpnext 15\.49\.2, and release r1 runs 15\.50\.0: .* go back on purpose by frappe:release\.rollbackTo/,
    );
    const back = await refused(await stands(), { ...facts("two", 1, "15.49.2"), rollbackTo: "r0" });
    assert.doesNotMatch(back, /the image has/);
  });

  it("goes by what stands, not by what was tried", async () => {
    const all = await stands();
    all.next({ id: "r2", facts: facts("two", 1, "16.0.0") }, { plan: new Map([["drain", "fails"]]) });
    await all.untilSettled();
    all.next({ id: "r3", facts: facts("three", 1, "15.50.1") });
    await prepare(await all.run());
  });

  it("ends another release that was only prepared, and says so", async () => {
    const all = await stands();
    all.next({ id: "r2", facts: facts("two") });
    await prepare(await all.run());
    all.next({ id: "r3" });
    await prepare(await all.run());
    const { state, reason } = (await all.ledger.release("r2")) ?? {};
    assert.deepEqual([state, reason], ["aborted", "release r3 was asked for in its place"]);
  });

  it("tells the inspection which release stands, what it and those before it are made of, and whether one has kept backups", async () => {
    const all = setting();
    const seen: Past[] = [];
    const inspect = all.world.inspect.bind(all.world);
    all.world.inspect = (past) => {
      seen.push(past);
      return inspect(past);
    };
    all.next({ facts: facts("one") }, { plan: new Map([["drain", "fails"]]) });
    await all.untilSettled();
    all.next({ id: "r2", facts: { ...facts("one", 2), kinds: { code: "a" } } });
    await all.untilSettled();
    all.world.code = "newer";
    all.next({ id: "r3", facts: facts("two") });
    await all.untilSettled();
    all.next({ id: "r4", facts: facts("two", 2) });
    await all.untilSettled();
    const made = ({ image, apps }: ReturnType<typeof facts>) => ({ image: image.split("@")[1], apps });
    assert.deepEqual(seen, [
      { first: true, backedUp: false },
      { first: true, backedUp: true },
      { first: false, backedUp: true, stands: { id: "r2", kinds: { code: "a" }, stood: [made(facts("one"))] } },
      {
        first: false,
        backedUp: true,
        stands: { id: "r3", kinds: undefined, stood: [made(facts("one")), made(facts("two"))] },
      },
    ]);
  });

  describe("the order of versions", () => {
    const rising = [
      "14.9.0",
      "15.0.0-dev",
      "15.0.0-rc.2",
      "15.0.0-rc.10",
      "15.0.0",
      "v15.1",
      "15.9.1",
      "15.10",
      "16.0.0-beta.1",
      "16",
    ];

    it("is that of their numbers, and what comes before a version is older than it", () => {
      for (const [at, one] of rising.entries()) {
        for (const [other, version] of rising.entries()) {
          assert.equal(isOlder(one, version), at < other, `${one}, ${version}`);
        }
      }
    });

    it("never calls what it cannot read older, and never both of two", () => {
      for (const odd of ["develop", "", "1.x", "main-2026"]) {
        assert.deepEqual([isOlder(odd, "15.0.0"), isOlder("15.0.0", odd)], [false, false]);
      }
      fc.assert(fc.property(fc.string(), fc.string(), (one, other) => !(isOlder(one, other) && isOlder(other, one))));
    });
  });
});
