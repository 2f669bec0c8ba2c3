import assert from "node:assert/strict";
import { monitoringFacts } from "../../topology/monitoring/facts.ts";
import { stackConfig } from "../support/stacks.ts";
import { during } from "./during.ts";
import {
  databaseSecrets,
  redisPasswords,
  withMysqldExporter,
  withPostgresExporter,
  withRedisExporter,
  type WatchedMariadb,
  type WatchedPostgres,
  type WatchedRedis,
} from "./exporters.ts";
import { type Sample, valueOf } from "./metrics.ts";

const monitor = { user: "monitor", password: databaseSecrets.databaseMonitor.password } as const;
const admin = databaseSecrets.databaseAdmin.password;

describe("live/exporters: MariaDB", function () {
  this.timeout(10 * 60_000);
  const server = during<WatchedMariadb>((use) => withMysqldExporter(use));

  it("counts connections and questions, as a user that was made for it", async () => {
    const samples = await server().metrics();
    assert.equal(valueOf(samples, "mysql_up"), 1);
    assert.equal(valueOf(samples, "mysql_global_variables_max_connections"), 200);
    assert.ok((valueOf(samples, "mysql_global_status_threads_connected") ?? 0) >= 1);
    assert.ok((valueOf(samples, "mysql_exporter_last_scrape_error") ?? 0) === 0);
    const failed = samples.filter(({ name, value }) => name === "mysql_exporter_collector_success" && value !== 1);
    assert.deepEqual(failed, []);
  });

  it("the user may log in and nothing more, with few connections", async () => {
    const grants = (await server().query("SHOW GRANTS FOR 'monitor'@'%'")).flat();
    assert.equal(grants.length, 1);
    assert.match(grants[0] ?? "", /^GRANT USAGE ON \*\.\* TO `monitor`@`%` .*MAX_USER_CONNECTIONS 5$/);
  });

  it("made again, the user is the same, with the password of now", async () => {
    await server().query("ALTER USER 'monitor'@'%' IDENTIFIED BY 'an-older-one'");
    assert.equal(valueOf(await server().metrics(), "mysql_up"), 0);
    const { code, stdout, stderr } = await server().makeUser();
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
    assert.equal(valueOf(await server().metrics(), "mysql_up"), 1);
    assert.deepEqual(await server().query("SELECT COUNT(*) FROM mysql.user WHERE User = 'monitor'"), [["1"]]);
  });

  it("no password stands in the server's logs, and none in what the container says when it cannot come in", async () => {
    await server().query("ALTER USER 'root'@'%' IDENTIFIED BY 'changed'");
    const { code, stdout, stderr } = await server().makeUser((script) => script.replace("+ 300", "+ 0"));
    assert.equal(code, 1);
    assert.match(stderr, /no answer in 300 seconds: .*Access denied/);
    const said = stdout + stderr + (await server().server.log());
    const [slow = ""] = (await server().query("SELECT LOAD_FILE(CONCAT(@@datadir, 'slow.log'))")).flat();
    for (const secret of [monitor.password, admin]) assert.ok(!(said + slow).includes(secret));
  });
});

describe("live/exporters: Postgres", function () {
  this.timeout(10 * 60_000);
  const server = during<WatchedPostgres>((use) => withPostgresExporter(use));

  it("counts connections and transactions, as a role that was made for it", async () => {
    const samples = await server().metrics();
    assert.equal(valueOf(samples, "pg_up"), 1);
    assert.ok(samples.some(({ name, value }) => name === "pg_settings_max_connections" && value === 200));
    assert.ok(samples.some(({ name }) => name === "pg_stat_activity_count"));
    // It would measure every site's database at each scrape.
    assert.ok(!samples.some(({ name }) => name === "pg_database_size_bytes"));
    const failed = samples.filter(({ name, value }) => name === "pg_scrape_collector_success" && value !== 1);
    assert.deepEqual(failed, []);
  });

  it("the role reads statistics, and can neither make nor change anything", async () => {
    const login = { ...monitor, host: "127.0.0.1" };
    await server().query("CREATE TABLE private (word text); INSERT INTO private VALUES ('x')");
    const [flags] = await server().query(
      "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit FROM pg_roles WHERE rolname = 'monitor'",
    );
    assert.deepEqual(flags, ["f", "f", "f", "f", "f", "5"]);
    assert.ok((await server().query("SELECT pid FROM pg_stat_activity WHERE usename = 'postgres'", login)).length > 0);
    for (const refused of ["SELECT * FROM private", "CREATE TABLE mine (a int)", "CREATE ROLE other", "CHECKPOINT x"]) {
      await assert.rejects(server().query(refused, login), /permission denied|syntax error/);
    }
  });

  it("made again, the role is the same, with the password of now", async () => {
    await server().query(
      "ALTER ROLE monitor PASSWORD 'an-older-one'; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'monitor'",
    );
    assert.notEqual(valueOf(await server().metrics(), "pg_up"), 1);
    const { code, stdout, stderr } = await server().makeUser();
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
    assert.equal(valueOf(await server().metrics(), "pg_up"), 1);
  });

  it("no password stands in the server's log, though it logs slow statements, and none in what the container says", async () => {
    await server().query("ALTER SYSTEM SET log_min_duration_statement = 0; SELECT pg_reload_conf()", {
      password: admin,
    });
    const made = await server().makeUser();
    await server().query("ALTER ROLE postgres PASSWORD 'changed'", { password: admin });
    const refused = await server().makeUser((script) => script.replace("+ 300", "+ 0"));
    assert.deepEqual([made.code, refused.code], [0, 1]);
    assert.match(refused.stderr, /no answer in 300 seconds: .*password authentication failed/);
    const said = [made, refused].map(({ stdout, stderr }) => stdout + stderr).join("") + (await server().server.log());
    assert.match(said, /duration: .* SELECT 1/);
    for (const secret of [monitor.password, admin]) assert.ok(!said.includes(secret));
  });
});

describe("live/exporters: Redis", function () {
  this.timeout(10 * 60_000);
  const cache = during<WatchedRedis>((use) => withRedisExporter("cache", use));
  const queue = during<WatchedRedis>((use) => withRedisExporter("queue", use));
  const { queues } = monitoringFacts(stackConfig("prod"));
  const frappe = { user: "frappe", password: redisPasswords.frappe };
  const size = (samples: readonly Sample[], key: string) => valueOf(samples, "redis_script_values", { key });

  it("both servers tell memory, its bound, hits and evictions", async () => {
    for (const server of [cache(), queue()]) {
      const samples = await server.metrics();
      assert.equal(valueOf(samples, "redis_up"), 1);
      assert.equal(valueOf(samples, "redis_exporter_last_scrape_error", { err: "" }), 0);
      assert.ok((valueOf(samples, "redis_memory_max_bytes") ?? 0) > (valueOf(samples, "redis_memory_used_bytes") ?? 0));
      for (const name of ["redis_keyspace_hits_total", "redis_keyspace_misses_total", "redis_evicted_keys_total"]) {
        assert.notEqual(valueOf(samples, name), undefined, name);
      }
    }
  });

  it("an empty queue has no jobs and no workers: 0, for each queue of the stack", async () => {
    const samples = await queue().metrics();
    const keys = queues.flatMap(({ key, running, failed, workers }) => [key, running, failed, workers]);
    assert.equal(keys.length, 16);
    for (const key of keys) assert.equal(size(samples, key), 0, key);
  });

  it("a queue is as deep as what was pushed, and other keys of RQ are told by their own", async () => {
    const [first, second] = queues;
    assert.ok(first && second);
    await queue().talk(
      [
        ["LPUSH", first.key, "a", "b", "c"],
        ["ZADD", second.running, "1", "d"],
        ["ZADD", second.failed, "1", "e", "2", "f"],
        ["LPUSH", "rq:queue:another-bench:short", "x"],
      ],
      frappe,
    );
    const samples = await queue().metrics();
    assert.deepEqual(
      [first.key, first.failed, second.key, second.running, second.failed].map((key) => size(samples, key)),
      [3, 0, 0, 1, 2],
    );
    assert.equal(size(samples, "rq:queue:another-bench:short"), undefined);
  });

  it("workers are counted while they live: one that was killed stays in RQ's set, and its own key ends", async () => {
    const [first] = queues;
    assert.ok(first);
    await queue().talk(
      [
        ["SADD", first.workers, "rq:worker:living", "rq:worker:killed"],
        ["HSET", "rq:worker:living", "state", "idle"],
      ],
      frappe,
    );
    assert.equal(size(await queue().metrics(), first.workers), 1);
  });

  it("the cache tells of no key, and no series carries what a key holds", async () => {
    await cache().talk([["SET", "site|secret", "hidden"]], frappe);
    const text = JSON.stringify([...(await cache().metrics()), ...(await queue().metrics())]);
    assert.doesNotMatch(text, /hidden|site\|secret/);
  });
});
