import assert from "node:assert/strict";
import type { ReleaseSiteSpec } from "../../release/job.ts";
import { verifier } from "../../release/sites/postgres.ts";
import { type SitesBench, startSitesBench } from "./support/sites.ts";

for (const engine of ["mariadb", "postgres"] as const) {
  describe(`release/sites: a site's database user on ${engine}`, function () {
    this.timeout(120_000);
    let suite: SitesBench;
    let site: ReleaseSiteSpec;
    before(async () => {
      suite = await startSitesBench(engine);
      // An underscore is a wildcard in a GRANT: the right on this schema must not open the other.
      site = suite.declare("u.test", { schema: "db_u", apps: ["frappe"] });
      for (const verb of ["create", "keep"] as const) {
        const outcome = await suite.run(verb, site);
        assert.equal(outcome.code, 0, outcome.output);
      }
      suite.bench.server.sql("CREATE DATABASE dbxu");
    });
    after(() => suite?.close());

    const admin = (text: string, database?: string) => suite.bench.server.sql(text, database).trim();
    async function repaired(): Promise<unknown> {
      const outcome = await suite.run("repair", site);
      assert.equal(outcome.code, 0, outcome.output);
      assert.equal(outcome.output.includes(JSON.stringify(suite.passwordOf(site.name)).slice(1, -1)), false);
      const works = await suite.bench.bench(["--site", site.name, "execute", "frappe.get_installed_apps"]);
      assert.deepEqual([works.code, works.stdout.trim()], [0, '["frappe"]'], works.stderr);
      return outcome.result;
    }

    it("is left alone, without a word, where nothing is wrong", async () => {
      const outcome = await suite.run("repair", site);
      assert.deepEqual([outcome.result, outcome.events], [[], []], outcome.output);
    });

    it("gets its password back, whatever is in it", async () => {
      admin(
        { mariadb: "ALTER USER db_u@'%' IDENTIFIED BY 'other'", postgres: "ALTER ROLE db_u PASSWORD 'other'" }[engine],
      );
      assert.deepEqual(await repaired(), ["set its password"]);
    });

    it("is let in again where it was locked out", async () => {
      admin({ mariadb: "ALTER USER db_u@'%' ACCOUNT LOCK", postgres: "ALTER ROLE db_u NOLOGIN" }[engine]);
      const done = { mariadb: ["set its password"], postgres: ["let it log in"] }[engine];
      assert.deepEqual(await repaired(), done);
    });

    if (engine === "mariadb") {
      it("is made again where it is gone", async () => {
        admin("DROP USER db_u@'%'");
        assert.deepEqual(await repaired(), ["made the user db_u@%", "granted it all on db_u"]);
      });

      it("has all rights on its schema and none beside, also where a wildcard gave more", async () => {
        admin("REVOKE ALL PRIVILEGES ON `db\\_u`.* FROM db_u@'%'");
        admin("GRANT ALL ON `db_u`.* TO db_u@'%'; GRANT SELECT, INSERT ON dbxu.* TO db_u@'%' WITH GRANT OPTION");
        admin("GRANT PROCESS ON *.* TO db_u@'%'");
        const done = (await repaired()) as string[];
        assert.deepEqual(done.toSorted(), [
          "granted it all on db_u",
          "revoked ALL PRIVILEGES on `db_u`.*",
          "revoked PROCESS on *.*",
          "revoked SELECT, INSERT, GRANT OPTION on `dbxu`.*",
        ]);
        const grants = admin("SHOW GRANTS FOR db_u@'%'").split("\n");
        assert.equal(grants.length, 2);
        assert.match(grants[1] ?? "", /GRANT ALL PRIVILEGES ON `db\\+_u`\.\* TO/);
        assert.deepEqual(await repaired(), []);
      });

      it("is told what keeps it out where another account of its name stands before it", async () => {
        admin("CREATE USER db_u@'127.0.0.1' IDENTIFIED BY 'other'");
        const outcome = await suite.run("repair", site);
        assert.equal(outcome.code, 1);
        assert.match(
          outcome.problem,
          /db_u cannot log in to db_u: .*1045.*; db_u@127\.0\.0\.1 stands before db_u@% .*DROP USER/,
        );
        admin("DROP USER db_u@'127.0.0.1'");
      });
    } else {
      it("is made again where it is gone, and has its tables back", async () => {
        admin("REASSIGN OWNED BY db_u TO postgres", "db_u");
        admin("ALTER DATABASE db_u OWNER TO postgres; DROP OWNED BY db_u; DROP ROLE db_u", "db_u");
        const done = (await repaired()) as string[];
        assert.deepEqual(done.slice(0, 2), ["made the role db_u", "made it owner of db_u after postgres"]);
        assert.match(done.at(-1) ?? "", /^made it owner of \d+ tables of others$/);
        assert.equal(admin(`SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'tabUser'`, "db_u"), "db_u");
      });

      it("loses rights over the whole server", async () => {
        admin("ALTER ROLE db_u SUPERUSER CREATEDB");
        assert.deepEqual(await repaired(), ["took its rights over the whole server away"]);
        assert.equal(admin("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = 'db_u'"), "f");
        assert.deepEqual(await repaired(), []);
      });

      it("is put right by an administrator who is no superuser", async () => {
        admin("CREATE ROLE helper LOGIN CREATEROLE CREATEDB PASSWORD 'helper-secret'");
        const other = suite.declare("helped.test", { schema: "db_helped", apps: ["frappe"] });
        await suite.asAdministrator("helper", "helper-secret", async () => {
          const outcome = await suite.run("create", other);
          assert.equal(outcome.code, 0, outcome.output);
          assert.equal((await suite.run("remove", other)).result, true);
        });
      });

      it("is given its password as the server keeps it, so that no log of statements has it", () => {
        const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
        // RFC 7677, section 3: the exchange of user "user" with the password "pencil".
        assert.equal(
          verifier("pencil", salt),
          "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        );
        assert.equal(verifier("é"), "é");
      });
    }

    it("is not made for a database that is gone", async () => {
      const gone = suite.declare("gone.test", { schema: "db_gone", apps: ["frappe"] });
      for (const verb of ["create", "keep"] as const) assert.equal((await suite.run(verb, gone)).code, 0);
      admin(`DROP DATABASE db_gone`);
      const outcome = await suite.run("repair", gone);
      assert.match(outcome.problem, /there is no database db_gone: restore the site from its backup/);
    });
  });
}
