import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import type { ReleaseSiteSpec } from "../../release/job.ts";
import { startWeb, type Web } from "../fixtures/bench/support/web.ts";
import { type SitesBench, startSitesBench } from "./support/sites.ts";

/** Something that answers as it likes, for as long as `work` asks it. */
async function answering(answer: http.RequestListener, work: (endpoint: string) => Promise<void>): Promise<void> {
  const server = http.createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release/sites: a site that serves, on ${engine}`, function () {
    this.timeout(120_000);
    let suite: SitesBench;
    let site: ReleaseSiteSpec;
    let web: Web;
    let options: { endpoint: string };
    before(async () => {
      suite = await startSitesBench(engine);
      site = suite.declare("a.test");
      for (const verb of ["create", "keep"] as const) {
        const outcome = await suite.run(verb, site);
        assert.equal(outcome.code, 0, outcome.output);
      }
      web = await startWeb(suite.bench);
      options = { endpoint: `http://127.0.0.1:${web.port}` };
    });
    after(() => suite?.close());

    const result = async (...[verb, of, more]: Parameters<SitesBench["run"]>) => {
      const outcome = await suite.run(verb, of, { options, ...more });
      assert.equal(outcome.code, 0, outcome.output);
      return outcome.result;
    };
    const write = (config: object) =>
      writeFileSync(suite.bench.siteFile(site.name, "site_config.json"), JSON.stringify(config));
    const sql = (text: string) => suite.bench.sql(site.name, text);
    const sessions = () => sql("SELECT COUNT(*) FROM `tabSessions`");

    describe("its health", () => {
      it("is good where /login and a document type of each app answer, and leaves no session", async () => {
        assert.equal(await result("problem", site), null);
        assert.equal(sessions(), "0");
      });

      it("is told with the path and the kind of the failure where a table of one app is gone", async () => {
        sql("ALTER TABLE `tabCompany` RENAME TO `gone`");
        // The page asks every table, too: what is told first.
        assert.match(String(await result("problem", site)), /^a\.test at http:.*: \/login answers 500/);
        // The page is well, and the list is not: a document type whose record stands without its table.
        sql("DELETE FROM `tabDocType` WHERE name = 'Company'");
        sql("UPDATE `tabDocType` SET issingle = 1 WHERE name = 'Company'");
        assert.equal(await result("problem", site), null);
        sql("ALTER TABLE `gone` RENAME TO `tabCompany`");
      });

      it("is bad where an answer of an app's document type is refused", async () => {
        const refusing: http.RequestListener = (request, response) => {
          const refused = request.url?.startsWith("/api/resource/") === true;
          response.writeHead(refused ? 403 : 200);
          response.end(refused ? '{"exc_type": "PermissionError", "exc": "row of secret data"}' : "ok");
        };
        await answering(refusing, async (endpoint) => {
          const problem = String(await result("problem", site, { options: { endpoint } }));
          assert.match(problem, /\/api\/resource\/[\w%]+\?limit_page_length=1 answers 403 \(PermissionError\)$/);
        });
        assert.equal(sessions(), "0");
      });

      it("is asked for a site in maintenance by letting reads through, and no longer", async () => {
        const before = suite.bench.config(site.name);
        await result("setFlags", site, { flags: { maintenance_mode: 1, pause_scheduler: 1 } });
        assert.match(String(await result("problem", site)), /\/login answers 503$/);
        assert.equal(await result("problemOfClosed", site), null);
        assert.deepEqual(suite.bench.config(site.name), { ...before, maintenance_mode: 1, pause_scheduler: 1 });
        assert.equal(sessions(), "0");
        write(before);
      });

      it("is asked in maintenance without a word on the flags of a site that another process has opened meanwhile", async () => {
        const before = suite.bench.config(site.name);
        await result("setFlags", site, { flags: { maintenance_mode: 1, pause_scheduler: 1 } });
        const opening: http.RequestListener = (_, response) => {
          write(before);
          response.writeHead(500).end();
        };
        await answering(opening, async (endpoint) => {
          assert.match(String(await result("problemOfClosed", site, { options: { endpoint } })), /\/login answers 500/);
        });
        assert.deepEqual(suite.bench.config(site.name), before);
      });

      it("is told where nobody answers, and where a site is not known", async () => {
        const nobody = { options: { endpoint: "http://127.0.0.1:1" } };
        assert.match(String(await result("problem", site, nobody)), /\/login: no answer \(connect ECONNREFUSED/);
        assert.match(String(await result("problem", { ...site, name: "b.test" })), /\/login answers 404/);
        await answering(
          () => undefined,
          async (endpoint) => {
            const late = String(await result("problem", site, { options: { endpoint }, seconds: 1 }));
            assert.match(late, /\/login: no answer within 1 s$/);
          },
        );
      });
    });

    describe("its flags", () => {
      for (const stood of [
        {},
        { maintenance_mode: 0 },
        { maintenance_mode: 1, pause_scheduler: false },
        { maintenance_mode: false, pause_scheduler: null, allow_reads_during_maintenance: 1 },
        { pause_scheduler: "1" },
      ]) {
        it(`are put back exactly where they were ${JSON.stringify(stood)}`, async () => {
          const config = suite.bench.config(site.name);
          write({ ...config, ...stood });
          const remembered = await result("readFlags", site);
          assert.deepEqual(remembered, stood);
          await result("setFlags", site, { flags: { maintenance_mode: 1, pause_scheduler: 1 } });
          assert.equal(suite.bench.config(site.name)["maintenance_mode"], 1);
          await result("restoreFlags", site, { flags: remembered });
          assert.deepEqual(suite.bench.config(site.name), { ...config, ...stood });
          write(config);
        });
      }

      it("are believed when the web was seen closed and open, and not before", async () => {
        const open = await suite.run("untilClosed", site, { options, seconds: 2 });
        assert.match(open.problem, /a\.test is not closed at http:.* after 2 s: it answers 200/);
        await result("setFlags", site, { flags: { maintenance_mode: 1 } });
        await result("untilClosed", site);
        const closed = await suite.run("untilOpen", site, { options, seconds: 2 });
        assert.match(closed.problem, /is not open at .*: it answers 503/);
        await result("restoreFlags", site, { flags: {} });
        await result("untilOpen", site);
      });

      it("are not believed by one process of the web that is closed beside another that is open", async () => {
        let asked = 0;
        const mixed: http.RequestListener = (_, response) => {
          response.writeHead((asked += 1) % 10 === 0 ? 200 : 503);
          response.end();
        };
        await answering(mixed, async (endpoint) => {
          const outcome = await suite.run("untilClosed", site, { options: { endpoint }, seconds: 3 });
          assert.match(outcome.problem, /is not closed/);
        });
      });
    });

    it("is believed to write nothing where nobody serves it for as long as is waited, and only there", async () => {
      const bad = (status: number) => (_: unknown, response: http.ServerResponse) => {
        response.writeHead(status);
        response.end();
      };
      const seen = async (endpoint: string) => {
        const outcome = await suite.run("untilClosed", site, { options: { endpoint }, seconds: 2 });
        return outcome.code === 0 ? outcome.result : outcome.problem;
      };
      assert.equal(await seen("http://127.0.0.1:1"), "unserved");
      await answering(bad(502), async (endpoint) => assert.equal(await seen(endpoint), "unserved"));
      for (const status of [200, 404, 500, 504]) {
        await answering(bad(status), async (endpoint) =>
          assert.match(String(await seen(endpoint)), new RegExp(`is not closed at .*: it answers ${status}$`)),
        );
      }
      let asked = 0;
      const once: http.RequestListener = (_, response) => {
        response.writeHead((asked += 1) === 2 ? 200 : 502);
        response.end();
      };
      await answering(once, async (endpoint) => assert.match(String(await seen(endpoint)), /it answers 502$/));
      const cut: http.RequestListener = (request) => void request.socket.destroy();
      await answering(cut, async (endpoint) =>
        assert.match(String(await seen(endpoint)), /no answer \(socket hang up\)$/),
      );
    });

    it("sends links to a host of its own, and keeps the one of several that somebody chose", async () => {
      const config = suite.bench.config(site.name);
      const domains = ["www.a.test", "shop.a.test"];
      for (const [stands, domain, changed, becomes] of [
        [undefined, domains, true, "https://www.a.test"],
        ["https://old.test", domains, true, "https://www.a.test"],
        ["https://shop.a.test", domains, false, "https://shop.a.test"],
        ["shop.a.test", domains, false, "shop.a.test"],
        ["http://a.test:8000", domains, false, "http://a.test:8000"],
        ["::", [], true, "https://a.test"],
      ] as const) {
        write({ ...config, host_name: stands });
        assert.equal(await result("keepAddress", { ...site, domains: domain }), changed);
        assert.equal(suite.bench.config(site.name)["host_name"], becomes);
      }
      write(config);
    });

    it("is archived with its doors closed and nothing dropped, and comes back as it was", async () => {
      const config = suite.bench.config(site.name);
      const before = { ...config, pause_scheduler: false };
      write(before);
      assert.equal(await result("archive", site), true);
      assert.equal(await result("archive", site), false);
      assert.deepEqual(suite.bench.config(site.name), { ...before, maintenance_mode: 1, pause_scheduler: 1 });
      assert.equal(sql("SELECT COUNT(*) FROM `tabUser`"), "2");
      assert.equal(await result("revive", site), true);
      assert.equal(await result("revive", site), false);
      assert.deepEqual(suite.bench.config(site.name), before);
      assert.equal(existsSync(suite.bench.siteFile(site.name, "archived.json")), false);
      assert.equal(await result("archive", { ...site, name: "none.test" }), false);
      write(config);
    });

    describe("its settings", () => {
      const field = (name: string, fields: string) =>
        sql(
          `INSERT INTO \`tabDocField\` (name, parent, fieldname, fieldtype) VALUES ('${name}', 'System Settings', '${fields}', 'Data')`,
        );
      const value = (name: string) => sql(`SELECT value FROM \`tabSingles\` WHERE field = '${name}'`);

      it("are set where they differ, in the defaults that Frappe 15 reads too, and silent where they do not", async () => {
        assert.deepEqual(await result("settings", site), []);
        sql("DELETE FROM `tabDefaultValue` WHERE defkey = 'session_expiry'");
        sql("UPDATE `tabSingles` SET value = '0' WHERE field = 'deny_multiple_sessions'");
        assert.deepEqual(await result("settings", site), ["session_expiry", "deny_multiple_sessions"]);
        const expiry =
          "SELECT defvalue FROM `tabDefaultValue` WHERE parent = '__default' AND defkey = 'session_expiry'";
        assert.deepEqual([sql(expiry), value("deny_multiple_sessions")], ["12:00", "1"]);
        const again = await suite.run("settings", site);
        assert.deepEqual([again.result, again.events], [[], []]);
      });

      it("turn the password policy on where Frappe has one, and leave a stricter score", async () => {
        field("f1", "enable_password_policy");
        field("f2", "minimum_password_score");
        assert.deepEqual(await result("settings", site), ["enable_password_policy", "minimum_password_score"]);
        assert.deepEqual([value("enable_password_policy"), value("minimum_password_score")], ["1", "2"]);
        sql("UPDATE `tabSingles` SET value = '4' WHERE field = 'minimum_password_score'");
        await result("settings", site);
        assert.equal(value("minimum_password_score"), "4");
      });
    });
  });
}
