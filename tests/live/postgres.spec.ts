import assert from "node:assert/strict";
import { type PostgresClient, withPostgres } from "../judges/postgres.ts";
import { stackConfig } from "../support/stacks.ts";
import { during } from "./during.ts";
import { cluster, clusterAddress, embedded, password } from "./postgres-stack.ts";

for (const [stack, options] of Object.entries({ "postgres-embedded": embedded, postgres: cluster } as const)) {
  describe(`live/postgres: the configuration in force (${stack})`, function () {
    this.timeout(10 * 60_000);
    const { database } = stackConfig(stack as "postgres" | "postgres-embedded");
    const server = during<PostgresClient>((use) => withPostgres(options(), use));

    it("is understood to the last line", async () => {
      assert.deepEqual(
        await server().query("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL OR NOT applied"),
        [],
      );
      assert.deepEqual(
        await server().query("SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"),
        [],
      );
      assert.doesNotMatch(await server().server.log(), /WARNING|ERROR|FATAL/);
    });

    it("writes every commit down before it is acknowledged", async () => {
      const all = await server().settings();
      const meant = { fsync: "on", synchronous_commit: "on", full_page_writes: "on", wal_level: "replica" };
      for (const [name, value] of Object.entries(meant)) assert.equal(all.get(name), value, name);
    });

    it("takes the declared connections and memory, logs slow queries, and ends transactions left open", async () => {
      assert.ok(database.engine === "postgres" && database.mode !== "external");
      const all = await server().settings();
      const meant = {
        max_connections: String(database.maxConnections),
        shared_buffers: stack === "postgres" ? "1GB" : "512MB",
        log_min_duration_statement: `${database.slowQuerySeconds}s`,
        idle_in_transaction_session_timeout: "1h",
        password_encryption: "scram-sha-256",
        server_encoding: "UTF8",
      };
      for (const [name, value] of Object.entries(meant)) assert.equal(all.get(name), value, name);
      await server().query("SET log_min_duration_statement = 0; SELECT 'too slow'");
      assert.match(await server().server.log(), /duration: .*SELECT 'too slow'/);
    });
  });
}

describe("live/postgres: who may connect (postgres-embedded)", function () {
  this.timeout(10 * 60_000);
  const server = during<PostgresClient>((use) => withPostgres(embedded(), use));
  const site = { user: "site", password: "of the site", database: "site" };
  before("make a site's user and database", async () => {
    await server().query(`CREATE ROLE site LOGIN PASSWORD '${site.password}'`);
    await server().query("CREATE DATABASE site OWNER site");
  });

  it("lets a password in from the network, over every address, and keeps it as SCRAM", async () => {
    for (const host of ["127.0.0.1", "::1", clusterAddress]) {
      assert.deepEqual(await server().query("SELECT current_user", { host, password }), [["postgres"]]);
      assert.deepEqual(await server().query("SELECT current_user", { host, ...site }), [["site"]]);
    }
    const kept = await server().query(
      "SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%' ORDER BY 1",
    );
    assert.deepEqual(kept, [["postgres"], ["site"]]);
  });

  it("refuses a wrong password, none, and an unknown user alike", async () => {
    for (const host of ["127.0.0.1", "::1", clusterAddress]) {
      const refused = /password authentication failed|no password supplied/;
      await assert.rejects(server().query("SELECT 1", { host, password: "wrong" }), refused);
      await assert.rejects(server().query("SELECT 1", { host }), refused);
      await assert.rejects(server().query("SELECT 1", { host, user: "nobody", password }), refused);
      await assert.rejects(server().query("SELECT 1", { host, user: "site" }), refused);
    }
  });

  it("takes no MD5 password, not even a right one", async () => {
    await server().query("SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'old'");
    const login = { host: clusterAddress, user: "old", password: "old", database: "postgres" };
    await assert.rejects(server().query("SELECT 1", login), /password authentication failed/);
  });

  it("lets the server's own user in by its socket without a password, and nobody else", async () => {
    assert.deepEqual(await server().query("SELECT current_user", {}), [["postgres"]]);
    await assert.rejects(server().query("SELECT 1", { user: "site", database: "site" }), /no password supplied/);
    assert.deepEqual(await server().query("SELECT current_user", site), [["site"]]);
    await server().sandbox.must(["chmod", "0777", "/var/run/postgresql"]);
    const psql = [
      "psql",
      "-h",
      "/var/run/postgresql",
      "-U",
      "postgres",
      "--no-psqlrc",
      "--no-password",
      "-c",
      "SELECT 1",
    ];
    const other = await server().sandbox.run(psql, { uid: 1000 });
    assert.notEqual(other.code, 0, "another user of the pod came in as the superuser");
    assert.match(other.stderr, /Peer authentication failed/);
  });
});
