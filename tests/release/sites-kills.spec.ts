import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type SitesBench, startSitesBench } from "./support/sites.ts";

/** What `create` says of its way, after which it is killed: at once, and somewhat later. */
const steps = ["database", "folder", "new-site", "apps", "settings", "password", "health"];
const delaysMs = [0, 400];

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release/sites: killed while it makes a site on ${engine}`, function () {
    this.timeout(300_000);
    let suite: SitesBench;
    before(async () => (suite = await startSitesBench(engine)));
    after(() => suite?.close());

    const sql = (schema: string, text: string) =>
      suite.bench.server.sql(engine === "mariadb" ? text : text.replaceAll("`", '"'), schema).trim();

    /** Starts `verb` and kills it, with all its children, so long after it said `said`; whether that cut it off. */
    async function killed(order: Parameters<SitesBench["start"]>, said: string, delayMs: number): Promise<boolean> {
      const { child, ended, kill } = suite.start(...order);
      let output = "";
      const heard = new Promise<void>((resolve) => {
        child.stdout?.on("data", (chunk: Buffer) => {
          if ((output += chunk.toString()).includes(said)) resolve();
        });
      });
      await Promise.race([heard, ended]);
      await sleep(delayMs);
      kill();
      return (await ended).result === undefined;
    }

    async function isWhole(name: string): Promise<void> {
      const site = suite.job.sites.find((each) => each.name === name);
      assert.ok(site);
      const again = await suite.run("create", site);
      assert.equal(again.code, 0, again.output);
      assert.match(String(again.result), /^made/);
      const kept = await suite.run("keep", site);
      assert.equal(kept.code, 0, kept.output);
      const apps = sql(site.schema, "SELECT defvalue FROM `tabDefaultValue` WHERE defkey = 'installed_apps'");
      assert.deepEqual(JSON.parse(apps), ["frappe", "erpnext"]);
      assert.equal(sql(site.schema, "SELECT COUNT(*) FROM `tabUser`"), "2");
      const { db_password: password, maintenance_mode: closed, pause_scheduler: paused } = suite.bench.config(name);
      assert.deepEqual([password, closed, paused], [suite.passwordOf(name), undefined, undefined]);
      const beside = readdirSync(suite.job.backup.sitesFolder).filter((entry) => entry.startsWith("."));
      assert.deepEqual(beside, [], "a folder was left behind");
    }

    for (const step of steps) {
      it(`ends right at the next try, wherever in the step "${step}" it was killed`, async () => {
        for (const [index, delayMs] of delaysMs.entries()) {
          const site = suite.declare(`${step}${index}.test`);
          const cut = await killed(["create", site], `"step":"${step}"`, delayMs);
          assert.ok(cut || delayMs > 0, "it was not killed in time");
          await isWhole(site.name);
        }
      });
    }

    it("ends right after two kills, the second while what the first had left was taken away", async () => {
      const site = suite.declare("twice.test");
      assert.ok(await killed(["create", site], '"step":"settings"', 0));
      await killed(["remove", site], "", 250);
      await killed(["create", site], '"step":"database"', 100);
      await isWhole(site.name);
    });

    it("is kept by the next try where it was killed while it was being kept", async () => {
      const site = suite.declare("keeping.test");
      assert.equal((await suite.run("create", site)).result, "made");
      await killed(["keep", site], '"new site kept"', 0);
      const kept = await suite.run("keep", site);
      assert.equal(kept.code, 0, kept.output);
      assert.equal((await suite.run("create", site)).result, "stands");
    });

    it("leaves nothing where the half-made site is to go", async () => {
      const site = suite.declare("gone.test");
      assert.ok(await killed(["create", site], '"step":"new-site"', 300));
      const removed = await suite.run("remove", site);
      assert.equal(removed.code, 0, removed.output);
      assert.equal((await suite.run("standing", site)).result, "nothing");
      assert.equal(existsSync(suite.bench.siteFile(site.name, ".")), false);
    });
  });
}
