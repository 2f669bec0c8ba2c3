// What the user of the ledger's reader may do on a server, and what it may not, beside the readers of a suite that has begun.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { DatabaseServer } from "../../backup/support/servers.ts";
import { guardSays, type ReaderSuite } from "./reader.ts";

export function describeLedgerUser(
  engine: "mariadb" | "postgres",
  given: () => { readonly server: DatabaseServer; readonly suite: ReaderSuite },
): void {
  describe("the ledger's user", () => {
    let server: DatabaseServer;
    let suite: ReaderSuite;
    before(() => ({ server, suite } = given()));

    const user = "test_releases";
    const writes = "UPDATE releases SET state = 'confirmed'";

    it("reads the ledger, and can write nothing, nor see a site's rows", async () => {
      server.sql("CREATE DATABASE a_site");
      server.sql("CREATE TABLE secrets (word VARCHAR(20))", "a_site");
      assert.notEqual((await suite.asReader("SELECT COUNT(*) FROM releases"))[0]?.[0], "0");
      const insert =
        "INSERT INTO events (release_id, generation, at, site, kind, facts) VALUES ('x', 0, 0, '', '', '')";
      const open = engine === "postgres" ? "SET default_transaction_read_only = off;\n" : "";
      for (const statement of [insert, writes, "CREATE TABLE own (x INT)", "DROP TABLE events", "DELETE FROM holder"]) {
        await assert.rejects(suite.asReader(`${open}${statement}`), /denied|must be owner/, statement);
      }
      await assert.rejects(suite.asReader("SELECT word FROM secrets", "a_site"), /denied/);
      if (engine === "mariadb") {
        assert.deepEqual((await suite.asReader("SHOW DATABASES")).flat(), ["information_schema", suite.job.ledger]);
      }
    });

    it("gets its password and its rights back at the next step of a release", async () => {
      const change = {
        mariadb: `ALTER USER ${user}@'%' IDENTIFIED BY 'other'; GRANT INSERT, UPDATE ON \`test\\_releases\`.* TO ${user}@'%'`,
        postgres: `ALTER ROLE ${user} PASSWORD 'other'; GRANT UPDATE ON releases TO ${user}; GRANT USAGE, CREATE ON SCHEMA public TO ${user}`,
      }[engine];
      server.sql(change, suite.job.ledger);
      await guardSays(suite, /is not let in, until a release is prepared/);
      // Three at once: grants of two stumble over each other where they are not put in order.
      await Promise.all([1, 2, 3].map(() => suite.ledger(() => Promise.resolve())));
      assert.equal((await suite.start(["guard"]).ended).code, 0);
      await assert.rejects(suite.asReader(writes), /denied|read-only/);
    });

    it("is nobody else: not the administrator, not a user with rights elsewhere, not an odd name", async () => {
      server.sql(
        {
          mariadb: "CREATE USER other@'%'; GRANT SELECT ON a_site.* TO other@'%'",
          postgres: "CREATE ROLE other LOGIN CREATEDB",
        }[engine],
      );
      const admin = readFileSync(path.join(suite.job.adminFolder, "username"), "utf8");
      const expected = {
        [admin]: /server's administrator/,
        other: /and nothing else, and has /,
        "a'b": /is no name/,
      };
      for (const [name, problem] of Object.entries(expected)) {
        writeFileSync(path.join(suite.job.readerFolder, "username"), name);
        await assert.rejects(
          suite.ledger(() => Promise.resolve()),
          problem,
        );
      }
      writeFileSync(path.join(suite.job.readerFolder, "username"), user);
    });
  });
}
