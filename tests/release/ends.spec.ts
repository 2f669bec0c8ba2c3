import assert from "node:assert/strict";
import type { ReleaseSiteSpec } from "../../release/job.ts";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { passMinute } from "./support/kills.ts";
import { type Begun, type More, type Runner, startRunner } from "./support/runner.ts";
import { killFirst, signalFirst } from "./support/sites.ts";

// One engine: what differs between the two is seen by release.spec and sites-*.
for (const engine of ["postgres"] as const) {
  describe(`release: what ends a step, and what it leaves, on ${engine}`, function () {
    this.timeout(300_000);
    let runner: Runner;
    let sites: Record<"a" | "gone", ReleaseSiteSpec>;
    let stood: Record<string, string>;
    const state = async (id: string) => (await runner.ledger()).find((each) => each.id === id)?.state;
    const login = async (site: string) => (await runner.web.ask(site, "/login")).status;
    const last = ({ events }: { events: readonly Readonly<Record<string, unknown>>[] }) => {
      const { event, cause, state: at } = events.at(-1) ?? {};
      return { event, cause: String(cause), state: at };
    };

    before(async () => {
      runner = await startRunner(engine);
      sites = {
        a: runner.declare("a.test", { domains: ["www.a.test"] }),
        gone: runner.declare("gone.test", { apps: ["frappe"] }),
      };
      const { failed, ran, held } = await runner.up();
      assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
      stood = runner.content("a.test");
      await runner.bench.become("two");
    });
    after(() => runner?.close());

    it("gives a new site an address of its own, and leaves it open, with its scheduler on", () => {
      const { host_name, maintenance_mode, pause_scheduler } = runner.bench.config("a.test");
      assert.deepEqual([host_name, maintenance_mode, pause_scheduler], ["https://www.a.test", undefined, undefined]);
    });

    /** Prepares and backs up, and begins to migrate. */
    async function begin(id: string, more: More = {}): Promise<Begun> {
      runner.release(id);
      for (const step of ["prepare", "backup"] as const) {
        const ran = await runner.step(step, more);
        assert.equal(ran.code, 0, ran.output);
      }
      return runner.begin("migrate", more);
    }
    const until = async (holds: () => boolean) => {
      while (!holds()) await sleep(100);
    };
    const heard = async (begun: Begun, what: RegExp) => {
      await Promise.race([until(() => what.test(begun.said())), begun.ended]);
      assert.match(begun.said(), what);
    };
    async function wentBack(id: string, begun: Begun): Promise<void> {
      const ran = await begun.ended;
      assert.equal(ran.code, 1, ran.output);
      const { event, cause, state: at } = last(ran);
      assert.deepEqual([event, at], ["failed", "rolled_back"]);
      assert.match(cause, /^called off by SIGTERM; every site is as it was before, and writes are open$/);
      assert.equal(await state(id), "rolled_back");
      assert.deepEqual(runner.content("a.test"), stood);
      assert.deepEqual([await login("a.test"), await login("gone.test")], [200, 200]);
      assert.equal(runner.bench.ask("EXISTS", "rq:suspended"), "0");
    }
    const slow = { env: { FIXTURE_PATCH: "slow:erpnext.patches.two.p2=600" } };
    const declared = (...all: readonly ReleaseSiteSpec[]): Pick<More, "change"> => ({
      change: (job) => ({ ...job, sites: all }),
    });
    const grown = () => declared(sites.a, { ...sites.gone, apps: ["frappe", "erpnext"] });

    it("goes all the way back when its pod is told to end in the middle of a migration", async () => {
      const begun = await begin("r2", { ...grown(), ...slow });
      await heard(begun, /"state":"migrating"/);
      const patches = "SELECT COUNT(*) FROM `tabPatch Log` WHERE patch = 'erpnext.patches.two.p1'";
      await until(() => runner.bench.sql("a.test", patches) === "1");
      signalFirst(begun.child, "SIGTERM");
      await wentBack("r2", begun);
    });

    it("goes all the way back when its pod is told to end while it holds", async () => {
      const begun = await begin("r3", grown());
      await heard(begun, /"event":"held"/);
      signalFirst(begun.child, "SIGTERM");
      await wentBack("r3", begun);
    });

    it("passes by the step that verifies, when whoever migrated is dead, and installs what a site has grown by", async () => {
      const more = grown();
      const worker = await runner.bench.start(["bench", "worker", "--queue", "short,default"], /Listening on/);
      const begun = await begin("r4", more);
      await heard(begun, /"event":"held"/);
      assert.equal(existsSync(`/proc/${worker.pid}`), false, "a worker of the old release still runs");
      killFirst(begun.child);
      await begun.ended;
      passMinute(runner);
      for (const step of ["verify", "confirm"] as const) {
        const ran = await runner.step(step, more);
        assert.equal(ran.code, 0, ran.output);
      }
      assert.equal(await state("r4"), "confirmed");
      const apps = runner.bench.sql(
        "gone.test",
        "SELECT defvalue FROM `tabDefaultValue` WHERE parent = '__global' AND defkey = 'installed_apps'",
      );
      assert.deepEqual(JSON.parse(apps), ["frappe", "erpnext"]);
    });

    it("archives a site that is declared so, and takes it up again with the next schema", async () => {
      const before = runner.bench.config("gone.test");
      runner.release("r5");
      const off = declared(sites.a, { ...sites.gone, state: "archived" });
      const archived = await runner.up(off);
      assert.equal(archived.failed, undefined, archived.ran.output + (archived.held?.output ?? ""));
      assert.deepEqual([await login("gone.test"), await login("a.test")], [503, 200]);
      runner.release("r6");
      const { failed, ran, held } = await runner.up(grown());
      assert.equal(failed, undefined, ran.output + (held?.output ?? ""));
      assert.deepEqual(runner.bench.config("gone.test"), before);
      assert.equal(await login("gone.test"), 200);
    });
  });
}
