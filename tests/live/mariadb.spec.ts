import assert from "node:assert/strict";
import { bytes } from "../../config/units.ts";
import { type MariadbClient, readMariadb, withMariadb } from "../judges/mariadb.ts";
import { stackConfig } from "../support/stacks.ts";
import { during } from "./during.ts";
import { optionsOf, rendered, stacks } from "./mariadb-stack.ts";

/** 60 % of the memory, in MiB. */
const pools = { dev: 614, staging: 2457, prod: 9830 };

for (const stack of Object.keys(stacks) as (keyof typeof stacks)[]) {
  describe(`live/mariadb: the configuration in force (${stack})`, function () {
    this.timeout(10 * 60_000);
    const { database } = stackConfig(stack);
    assert.ok(database.engine === "mariadb" && database.mode !== "external");
    const server = during<MariadbClient>((use) => withMariadb(optionsOf(stack), use));

    it("is understood to the last word, and asks for the buffer pool that the memory allows", async () => {
      const { ok, output, values } = await readMariadb({ config: rendered(stack) });
      assert.ok(ok, output);
      assert.equal(values.get("innodb_buffer_pool_size"), String(pools[stack] * 2 ** 20));
      assert.ok(pools[stack] * 2 ** 20 * 1.25 < bytes(database.resources.memory));
    });

    it("writes every commit down before it is acknowledged, twice, and keeps the log for the declared days", async () => {
      const all = await server().variables();
      const meant = {
        innodb_flush_log_at_trx_commit: "1",
        innodb_doublewrite: "ON",
        sync_binlog: "1",
        log_bin: "ON",
        binlog_format: "ROW",
        expire_logs_days: `${database.binlogDays}.000000`,
        innodb_log_file_size: String(512 * 2 ** 20),
      };
      for (const [name, value] of Object.entries(meant)) assert.equal(all.get(name), value, name);
      assert.match((await server().query("SHOW BINARY LOGS")).join(), /^binlog\.000001,\d+/);
    });

    it("takes the declared connections and packets, ends idle ones, and looks no name up", async () => {
      const all = await server().variables();
      const meant = {
        max_connections: String(database.maxConnections),
        max_allowed_packet: String(256 * 2 ** 20),
        max_connect_errors: "4294967295",
        wait_timeout: "3600",
        skip_name_resolve: "ON",
        skip_networking: "OFF",
      };
      for (const [name, value] of Object.entries(meant)) assert.equal(all.get(name), value, name);
    });

    it("speaks utf8mb4 and unicode_ci: as a server, in a new schema, and with a client that asks for another", async () => {
      const collation = ["utf8mb4", "utf8mb4_unicode_ci"];
      const asked =
        "SELECT @@character_set_server, @@collation_server, @@character_set_connection, @@collation_connection";
      assert.deepEqual(await server().query(asked), [[...collation, ...collation]]);
      const latin = [
        "mariadb",
        "--no-defaults",
        "--socket=/tmp/judge.sock",
        "--user=root",
        "-BN",
        "--default-character-set=latin1",
      ];
      const sql = "SELECT @@character_set_client, @@collation_connection";
      const other = await server().sandbox.must([...latin, "-e", sql]);
      assert.deepEqual(other.trim().split("\t"), collation);
      await server().query(
        "CREATE SCHEMA made; CREATE TABLE made.words (word varchar(140)); INSERT INTO made.words VALUES ('😀 ü')",
      );
      const schema =
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = 'made'";
      assert.deepEqual(await server().query(schema), [collation]);
      assert.deepEqual(await server().query("SELECT word, length(word) FROM made.words WHERE word LIKE '% U'"), [
        ["😀 ü", "7"],
      ]);
    });

    it("logs slow queries from the declared second on", async () => {
      const all = await server().variables();
      assert.equal(all.get("slow_query_log"), "ON");
      assert.equal(Number(all.get("long_query_time")), database.slowQuerySeconds);
      await server().query("SET SESSION long_query_time = 0; SELECT 'too slow'");
      assert.match(await server().sandbox.must(["cat", "/var/lib/mysql/slow.log"]), /SELECT 'too slow'/);
    });

    it("reads no file of a client", async () => {
      const client = ["mariadb", "--no-defaults", "--socket=/tmp/judge.sock", "--user=root", "--local-infile=1"];
      const sql =
        "CREATE SCHEMA read_in; CREATE TABLE read_in.t (a text); LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE read_in.t";
      const { code, stderr } = await server().sandbox.run([...client, "-e", sql]);
      assert.notEqual(code, 0);
      assert.match(stderr, /local infile|not allowed/i);
    });
  });
}
