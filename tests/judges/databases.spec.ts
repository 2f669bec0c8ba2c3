import assert from "node:assert/strict";
import { readMariadb, withMariadb } from "./mariadb.ts";
import { withPostgres } from "./postgres.ts";
import { infoFields, isRefusal, withRedis } from "./redis.ts";

describe("judges/mariadb", function () {
  this.timeout(5 * 60_000);
  const config =
    "[mariadb]\ncharacter-set-server = utf8mb4\ncollation-server = utf8mb4_unicode_ci\nmax_connections = 77\nbind-address = 127.0.0.1\n";

  it("reads the values without starting", async () => {
    const { ok, output, values } = await readMariadb({ config });
    assert.ok(ok, output);
    assert.equal(values.get("max_connections"), "77");
    assert.equal(values.get("character_set_server"), "utf8mb4");
  });

  it("refuses a variable that the server does not know", async () => {
    const { ok, output } = await readMariadb({ config: `${config}max_conections = 1\n` });
    assert.equal(ok, false);
    assert.match(output, /unknown variable 'max_conections=1'/);
  });

  it("starts on the configuration and shows its variables", async () => {
    await withMariadb({ config }, async ({ query, variables }) => {
      const all = await variables();
      assert.equal(all.get("max_connections"), "77");
      assert.equal(all.get("collation_server"), "utf8mb4_unicode_ci");
      assert.deepEqual(await query("SELECT 1, 'a b'"), [["1", "a b"]]);
      await assert.rejects(query("SELECT nothing"), /Unknown column/);
    });
  });

  it("says why a server does not start", async () => {
    await assert.rejects(
      withMariadb({ config: `${config}innodb_data_home_dir = /nowhere\n` }, async () => undefined),
      /before it was ready/,
    );
  });
});

describe("judges/postgres", function () {
  this.timeout(5 * 60_000);
  const config =
    "listen_addresses = '127.0.0.1'\nmax_connections = 33\nhba_file = '/etc/postgresql/pg_hba.conf'\nunix_socket_directories = '/var/run/postgresql'\n";
  const hba = "local all postgres scram-sha-256\nhost all all 127.0.0.1/32 reject\n";
  const files = { "/etc/postgresql/pg_hba.conf": hba };

  it("starts on the configuration, shows its settings and keeps strangers out", async () => {
    await withPostgres({ config, files, password: "s3cret" }, async ({ query, settings }) => {
      assert.equal((await settings()).get("max_connections"), "33");
      assert.deepEqual(await query("SELECT 1, 'a|b'"), [["1", "a|b"]]);
      await assert.rejects(query("SELECT 1", { password: "wrong" }), /password authentication failed/);
      await assert.rejects(
        query("SELECT 1", { host: "127.0.0.1", password: "s3cret" }),
        /pg_hba\.conf rejects connection/,
      );
    });
  });

  it("says which parameter the server does not know", async () => {
    const wrong = `${config}max_conections = 1\n`;
    await assert.rejects(
      withPostgres({ config: wrong, files }, async () => undefined),
      /unrecognized configuration parameter "max_conections"/,
    );
  });
});

describe("judges/redis", function () {
  this.timeout(5 * 60_000);
  const config =
    "port 6379\nbind 127.0.0.1\ndir /data\nmaxmemory 64mb\nmaxmemory-policy allkeys-lru\naclfile /etc/redis/users.acl\n";
  const acl = "user default off\nuser bench on >pass ~* &* +@all -@dangerous +info\n";
  const files = { "/etc/redis/users.acl": acl };
  const bench = { user: "bench", password: "pass" };

  it("starts on the configuration and answers by user", async () => {
    await withRedis({ config, files }, async ({ ask, talk }) => {
      assert.ok(isRefusal(await ask(["PING"]), /NOAUTH/));
      assert.ok(isRefusal(await ask(["PING"], { user: "bench", password: "wrong" }), /WRONGPASS/));
      assert.deepEqual(
        await talk(
          [
            ["SET", "k", "ü"],
            ["GET", "k"],
            ["GET", "none"],
            ["LRANGE", "l", "0", "-1"],
          ],
          bench,
        ),
        ["OK", "ü", null, []],
      );
      assert.ok(isRefusal(await ask(["FLUSHALL"], bench), /NOPERM/));
      const memory = infoFields(await ask(["INFO", "memory"], bench));
      assert.equal(memory.get("maxmemory_policy"), "allkeys-lru");
      assert.equal(memory.get("maxmemory"), String(64 << 20));
    });
  });

  it("says which directive the server does not know", async () => {
    await assert.rejects(
      withRedis({ config: `${config}maxmemroy 1\n`, files }, async () => undefined),
      /before it was ready[\s\S]*maxmemroy/,
    );
  });
});
