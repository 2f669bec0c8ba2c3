import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import type { ReleaseSiteSpec } from "../../release/job.ts";
import { rootPassword } from "../fixtures/bench/support/bench.ts";
import { type Outcome, type SitesBench, startSitesBench } from "./support/sites.ts";

/** Of every process of this machine; one that ends meanwhile has none. */
function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8")];
      } catch {
        return [];
      }
    });
}

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release/sites: a new site on ${engine}`, function () {
    this.timeout(120_000);
    let suite: SitesBench;
    before(async () => (suite = await startSitesBench(engine)));
    after(() => suite?.close());

    const must = async (...order: Parameters<SitesBench["run"]>) => {
      const outcome = await suite.run(...order);
      assert.equal(outcome.code, 0, outcome.output);
      return outcome;
    };
    const refused = async (site: ReleaseSiteSpec, why: RegExp, more: Parameters<SitesBench["run"]>[2] = {}) => {
      const outcome = await suite.run("create", site, more);
      assert.equal(outcome.code, 1, outcome.output);
      assert.match(outcome.problem, why);
      return outcome;
    };
    const sql = (schema: string, text: string) =>
      suite.bench.server.sql(engine === "mariadb" ? text : text.replaceAll("`", '"'), schema).trim();
    const tables = (schema: string) =>
      sql(
        schema,
        `SELECT table_name FROM information_schema.tables WHERE table_schema = '${engine === "mariadb" ? schema : "public"}' ORDER BY table_name`,
      ).split("\n");
    const folder = (site: ReleaseSiteSpec) => suite.bench.siteFile(site.name, ".");
    const silent = ({ output }: Outcome, ...more: string[]) => {
      for (const secret of [...suite.secrets(), ...more]) {
        for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
          assert.equal(output.includes(form), false, `a secret was told:\n${output}`);
        }
      }
    };

    it("is made with its apps, settings and scheduler, looked at, and told without a secret", async () => {
      const { bench } = suite;
      const site = suite.declare("one.test");
      const made = await must("create", site, { options: { address: "https://one.test", paused: true } });
      assert.equal(made.result, "made");
      silent(made, String(bench.config(site.name)["db_password"]));
      const { encryption_key: key, ...config } = bench.config(site.name);
      assert.match(String(key), /^[\w-]{43}=$/);
      assert.deepEqual(config, {
        db_name: site.schema,
        db_password: suite.passwordOf(site.name),
        db_type: engine,
        host_name: "https://one.test",
        pause_scheduler: 1,
      });
      const apps = await bench.must(["--site", site.name, "execute", "frappe.get_installed_apps"]);
      assert.deepEqual(JSON.parse(apps), ["frappe", "erpnext"]);
      const single = (field: string) =>
        sql(site.schema, `SELECT value FROM \`tabSingles\` WHERE doctype = 'System Settings' AND field = '${field}'`);
      assert.deepEqual(["session_expiry", "deny_multiple_sessions", "enable_scheduler"].map(single), [
        "12:00",
        "1",
        "1",
      ]);
      assert.equal(sql(site.schema, "SELECT COUNT(*) FROM `tabSessions`"), "0", "a session was left behind");
    });

    it("shows no secret in the command line of any process while it is made", async () => {
      const site = suite.declare("seen.test");
      const { ended } = suite.start("create", site);
      const seen = new Set<string>();
      let over = false;
      const outcome = ended.finally(() => (over = true));
      while (!over) {
        for (const line of commandLines()) seen.add(line);
        await setImmediate();
      }
      assert.equal((await outcome).result, "made");
      assert.ok(
        [...seen].some((line) => line.includes("new-site\0seen.test\0")),
        "new-site was not seen",
      );
      for (const secret of suite.secrets()) {
        assert.equal(
          [...seen].find((line) => line.includes(secret)),
          undefined,
        );
      }
    });

    it("has the declared Administrator's password", async () => {
      const { bench } = suite;
      const check = ["--args", JSON.stringify(["Administrator", suite.adminPasswordOf("one.test")])];
      const right = await bench.must(["--site", "one.test", "execute", "frappe.passwords.check_password", ...check]);
      assert.equal(right.trim(), "true");
    });

    it("is not made again by the same release, and bears no mark once it is kept", async () => {
      const site = suite.job.sites.find(({ name }) => name === "one.test");
      assert.ok(site);
      const before = [sql(site.schema, "SELECT creation FROM `tabUser` ORDER BY name"), suite.bench.config(site.name)];
      assert.equal((await must("create", site)).result, "made before");
      await must("keep", site);
      await must("keep", site);
      assert.equal((await must("standing", site)).result, "kept");
      const again = await must("create", site);
      assert.equal(again.result, "stands");
      assert.deepEqual(again.events, []);
      assert.equal(tables(site.schema).includes("frappe_platform_site"), false);
      assert.equal(existsSync(path.join(folder(site), ".frappe_platform_site.json")), false);
      assert.deepEqual(
        [sql(site.schema, "SELECT creation FROM `tabUser` ORDER BY name"), suite.bench.config(site.name)],
        before,
      );
    });

    it("is taken for kept where the keeping was cut off, and for nobody's where its database lost our mark otherwise", async () => {
      const site = suite.declare("half.test", { apps: ["frappe"] });
      await must("create", site);
      const mark = path.join(folder(site), ".frappe_platform_site.json");
      sql(site.schema, "DROP TABLE frappe_platform_site");
      await refused(
        site,
        /a folder that we began to make, and its database db_half_test holds tables without our mark/,
      );
      assert.match((await suite.run("remove", site)).problem, /holds tables without our mark/);
      writeFileSync(mark, JSON.stringify({ ...(JSON.parse(readFileSync(mark, "utf8")) as object), keeping: true }));
      await must("keep", site);
      assert.equal(existsSync(mark), false);
      assert.equal((await must("create", site)).result, "stands");
    });

    it("stays when it is asked to go after it was kept", async () => {
      const site = suite.job.sites.find(({ name }) => name === "one.test");
      assert.ok(site);
      const asked = await suite.run("remove", site);
      assert.equal(asked.code, 1);
      assert.match(asked.problem, /one\.test stands, and is no site that we are making: it stays/);
      assert.ok(tables(site.schema).length > 10);
    });

    it("goes with all that was made of it while it is not kept, and is made anew by another attempt", async () => {
      const site = suite.declare("two.test", { apps: ["frappe"] });
      await must("create", site);
      const other = { ...suite.job, release: { ...suite.job.release, attempt: 2 } };
      const anew = await must("create", site, { job: other });
      assert.equal(anew.result, "made");
      assert.ok(anew.events.some(({ event }) => event === "half-made site removed"));
      assert.equal((await must("remove", site)).result, true);
      assert.equal((await must("remove", site)).result, false);
      assert.equal(existsSync(folder(site)), false);
      const users = {
        mariadb: `SELECT COUNT(*) FROM mysql.user WHERE user = '${site.schema}'`,
        postgres: `SELECT COUNT(*) FROM pg_roles WHERE rolname = '${site.schema}'`,
      }[engine];
      assert.equal(suite.bench.server.sql(users).trim(), "0");
    });

    it("is refused where its database is full, of somebody else's rows, and nothing is touched", async () => {
      const site = suite.declare("full.test");
      suite.bench.server.sql(`CREATE DATABASE ${site.schema}`);
      sql(site.schema, "CREATE TABLE theirs (a int); INSERT INTO theirs VALUES (7)");
      const outcome = await refused(
        site,
        /db_full_test holds tables, and full\.test has no folder: nothing was touched; /,
      );
      silent(outcome);
      assert.equal(sql(site.schema, "SELECT a FROM theirs"), "7");
      assert.deepEqual(tables(site.schema), ["theirs"]);
      assert.equal(existsSync(folder(site)), false);
    });

    it("is refused where another stack is making one in the same database", async () => {
      const site = suite.declare("shared.test", { apps: ["frappe"] });
      await must("create", site, { job: { ...suite.job, owner: "stack-two" } });
      rmSync(folder(site), { recursive: true });
      await refused(site, /db_shared_test is being made for shared\.test by stack-two: give the site another schema/);
      assert.ok(tables(site.schema).includes("tabUser"));
    });

    it("is refused where a folder stands that is no site, or one without its database", async () => {
      const site = suite.declare("folder.test");
      mkdirSync(folder(site));
      writeFileSync(path.join(folder(site), "notes.txt"), "theirs");
      await refused(site, /folder\.test is there, and no site: move it away/);
      assert.equal(readFileSync(path.join(folder(site), "notes.txt"), "utf8"), "theirs");
      writeFileSync(path.join(folder(site), "site_config.json"), "{}");
      await refused(site, /has a folder with a configuration, and its database db_folder_test is absent: restore it/);
      suite.bench.server.sql(`CREATE DATABASE ${site.schema}`);
      await refused(site, /its database db_folder_test is empty: restore it/);
    });

    it("is refused where its user is somebody else's, whose rights stay", async () => {
      const site = suite.declare("user.test");
      const { server } = suite.bench;
      const [make, rights] = {
        mariadb: [
          `CREATE USER ${site.schema}@'%'; GRANT SELECT ON mysql.* TO ${site.schema}@'%'`,
          `SHOW GRANTS FOR ${site.schema}@'%'`,
        ],
        postgres: [
          `CREATE ROLE ${site.schema} CREATEDB`,
          `SELECT rolcreatedb FROM pg_roles WHERE rolname = '${site.schema}'`,
        ],
      }[engine];
      server.sql(make ?? "");
      const before = server.sql(rights ?? "");
      await refused(site, /the database user db_user_test is there, and has more than db_user_test: /);
      assert.equal(server.sql(rights ?? ""), before);
      assert.equal(existsSync(folder(site)), false);
    });

    it("is refused before anything is made where what is declared cannot be", async () => {
      const good = suite.declare("odd.test");
      const odd: readonly (readonly [Partial<ReleaseSiteSpec>, RegExp])[] = [
        [
          { settings: { sessionExpiry: "8h", denyMultipleSessions: true } },
          /sessionExpiry is "8h", expected hours:minutes/,
        ],
        [{ settings: { sessionExpiry: "00:00", denyMultipleSessions: true } }, /sessionExpiry is "00:00"/],
        [{ apps: ["erpnext"] }, /its apps begin with erpnext, expected frappe/],
        [{ apps: ["frappe", "hrms"] }, /wants hrms, which the image does not have/],
        [{ name: "../odd" }, /has no adminPassword, databasePassword, encryptionKey of \.\.\/odd/],
        [{ schema: "a`b" }, /"a`b" is no name for a database/],
      ];
      for (const [changes, why] of odd) await refused({ ...good, ...changes }, why);
      assert.equal(existsSync(folder(good)), false);
    });

    it("is not made where nobody answers for it, and is made by the next try", async () => {
      const site = suite.declare("sick.test", { apps: ["frappe"] });
      const nobody = { options: { endpoint: "http://127.0.0.1:1" } };
      await refused(
        site,
        /the new site is not well: sick\.test at http:\/\/127\.0\.0\.1:1: \/login: no answer/,
        nobody,
      );
      assert.equal((await must("standing", site)).result, "begun");
      assert.equal((await must("create", site)).result, "made");
      await refused(site, /the new site is not well/, nobody);
    });

    it("tells of an app that cannot be installed by its traceback's last line, and is clean again for the next try", async () => {
      const site = suite.declare("fails.test");
      const doctypes = path.join(suite.bench.folder, "apps/erpnext/erpnext/doctypes.json");
      const good = readFileSync(doctypes, "utf8");
      writeFileSync(doctypes, "[");
      try {
        const why =
          /bench new-site ended with 1: json\.decoder\.JSONDecodeError: .*; in .*, line \d+; while it said: Installing/;
        silent(await refused(site, why), rootPassword);
      } finally {
        writeFileSync(doctypes, good);
      }
      assert.equal((await must("standing", site)).result, "begun");
      assert.equal((await must("create", site)).result, "made");
    });
  });
}
