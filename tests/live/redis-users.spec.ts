import assert from "node:assert/strict";
import { sha256 } from "../../components/secrets/derive.ts";
import { redisMonitor, redisProbe, redisUser, renderRedisAcl, type RedisRole } from "../../topology/redis.ts";
import { type RedisClient, type RedisOptions, isRefusal, withRedis } from "../judges/redis.ts";
import { planOf } from "../support/record-stack.ts";
import { during } from "./during.ts";
import { until } from "./servers.ts";

const password = "not-in-the-file/+=";
const frappe = { user: redisUser, password };
const probe = { user: redisProbe, password: "any" };
const monitor = { user: redisMonitor, password: "who-only-looks" };
const hashes = { frappe: sha256(password), monitor: sha256(monitor.password) };

function serverOf(role: RedisRole): RedisOptions {
  const { redis } = planOf("prod");
  assert.ok(redis.mode === "embedded");
  const files = { "/etc/redis-acl/users.acl": { text: renderRedisAcl(role, hashes), mode: 0o400, uid: 999 } };
  const server = redis.servers.find(({ workload }) => workload.name === `redis-${role}`);
  return { config: server?.files.files["redis.conf"] ?? "", files };
}

const words = (lines: readonly string[]) => lines.map((line) => line.split(" "));

describe("live/redis: who may do what", function () {
  this.timeout(5 * 60_000);
  const server = during<RedisClient>((use) => withRedis(serverOf("queue"), use));
  const all = async (...commands: string[][]) => {
    const replies = await server().talk(commands, frappe);
    const refused = commands.filter((_, index) => isRefusal(replies[index]));
    assert.deepEqual(refused, [], JSON.stringify(replies));
    return replies;
  };

  it("the probes' user may ask whether the server is there, and nothing else; with no user, nothing at all", async () => {
    assert.equal(await server().ask(["PING"], probe), "PONG");
    const others = [
      ...["GET a", "SET a b", "KEYS *", "DBSIZE", "SUBSCRIBE events", "PUBLISH events x", "XADD events * a b"],
      ...["INFO", "CONFIG GET *", "ACL LIST", "CLIENT LIST", "SCRIPT EXISTS x", "EVAL x 0", "FLUSHALL", "SHUTDOWN"],
    ].map((line) => line.split(" "));
    for (const command of others) {
      assert.ok(isRefusal(await server().ask(command, probe), /^NOPERM/), command.join(" "));
      assert.ok(isRefusal(await server().ask(command), /^NOAUTH/), command.join(" "));
    }
    assert.ok(isRefusal(await server().ask(["PING"]), /^NOAUTH/));
    for (const guess of ["", "default", password]) {
      const login = { user: "default", password: guess };
      assert.ok(isRefusal(await server().ask(["PING"], login), /^WRONGPASS/), guess);
    }
  });

  it("a wrong password, an unknown user and the hash itself are refused", async () => {
    assert.ok(!renderRedisAcl("queue", hashes).includes(password));
    for (const login of [
      { ...frappe, password: "wrong" },
      { user: "root", password },
      { ...frappe, password: "" },
      { ...frappe, password: sha256(password) },
    ]) {
      assert.ok(isRefusal(await server().ask(["PING"], login), /^WRONGPASS/), JSON.stringify(login));
    }
    assert.equal(await server().ask(["PING"], frappe), "PONG");
  });

  it("Frappe reads, writes and finds its keys, of every kind", async () => {
    const replies = await all(
      ["SET", "site|user:a", "1", "EX", "60"],
      ["GET", "site|user:a"],
      ["MGET", "site|user:a", "none"],
      ["HSET", "site|h", "f", "v"],
      ["HGETALL", "site|h"],
      ["SADD", "site|s", "m"],
      ["SMEMBERS", "site|s"],
      ["KEYS", "site|*"],
      ["SCAN", "0", "MATCH", "site|*"],
      ["EXPIRE", "site|h", "60"],
      ["UNLINK", "site|s"],
      ["DEL", "site|h"],
      ["INFO", "memory"],
    );
    assert.equal(replies[1], "1");
    assert.deepEqual((replies[7] as string[]).toSorted(), ["site|h", "site|s", "site|user:a"]);
  });

  it("Frappe's client cache is told what others change", async () => {
    const invalidations = "__redis__:invalidate";
    const clients = async () => ((await all(["CLIENT", "LIST"]))[0] as string).split("\n");
    const named = async (name: string) => (await clients()).find((line) => line.includes(` name=${name} `)) ?? "";
    await all(["SET", "hooks", "old"], ["SET", "schema", "old"]);
    // Two commands without a reply: the connection stays until two messages have come in their place.
    const silent = [["CLIENT", "REPLY", "SKIP"], ["PING"]];
    const told = all(["CLIENT", "SETNAME", "told"], ...silent, ["SUBSCRIBE", invalidations]);
    await until(async () => / sub=1 /.test(await named("told")));
    const id = /\bid=(\d+) /.exec(await named("told"))?.[1] ?? "";
    const reader = all(
      ["CLIENT", "SETNAME", "reader"],
      ["CLIENT", "TRACKING", "ON", "REDIRECT", id, "NOLOOP"],
      ["GET", "hooks"],
      ["GET", "schema"],
      ["BLPOP", "enough", "10"],
    );
    await until(async () => / cmd=blpop /.test(await named("reader")));
    await all(["SET", "hooks", "new"], ["DEL", "schema"], ["LPUSH", "enough", "1"]);
    assert.deepEqual((await reader).slice(1, 4), ["OK", "old", "old"]);
    const messages = ["hooks", "schema"].map((key) => ["message", invalidations, [key]]);
    assert.deepEqual((await told).slice(2), messages);
  });

  it("RQ queues, waits, lists its workers and locks by script", async () => {
    const script = "return redis.call('SET', KEYS[1], ARGV[1], 'NX')";
    const replies = await all(
      ["CLIENT", "SETNAME", "rq-worker"],
      ["CLIENT", "LIST"],
      ["SADD", "rq:workers", "rq:worker:a"],
      ["LPUSH", "rq:queue:default", "job"],
      ["BRPOP", "rq:queue:default", "rq:queue:long", "5"],
      ["RPUSH", "rq:queue:long", "other"],
      ["BLMOVE", "rq:queue:long", "rq:intermediate", "LEFT", "RIGHT", "5"],
      ["ZADD", "rq:wip:default", "1", "job"],
      ["ZRANGEBYSCORE", "rq:wip:default", "0", "2"],
      ["EVAL", script, "1", "rq:lock", "me"],
      ["SCRIPT", "LOAD", script],
      ["MULTI"],
      ["HSET", "rq:job:a", "status", "queued"],
      ["EXEC"],
      ["XADD", "events", "*", "field", "value"],
      ["XREAD", "COUNT", "1", "STREAMS", "events", "0"],
      ["INFO", "server"],
    );
    assert.match(replies[1] as string, /name=rq-worker .*user=frappe/);
    assert.deepEqual([replies[4], replies[6]], [["rq:queue:default", "job"], "other"]);
  });

  it("socket.io subscribes to what Frappe publishes", async () => {
    const [subscribed] = await all(["SUBSCRIBE", "events"]);
    assert.deepEqual(subscribed, ["subscribe", "events", 1]);
    assert.equal(typeof (await all(["PUBLISH", "events", "{}"]))[0], "number");
    await all(["PSUBSCRIBE", "rq:pubsub:*"]);
  });

  it("nobody drops everybody's jobs in one word", async () => {
    await all(["LPUSH", "rq:queue:acme:short", "job"]);
    const flushes = words(["FLUSHALL", "FLUSHALL ASYNC", "FLUSHDB", "SWAPDB 0 1"]);
    for (const command of flushes) {
      assert.ok(isRefusal(await server().ask(command, frappe), /^NOPERM/), command.join(" "));
      const script = `return redis.call(${command.map((word) => `'${word}'`).join(", ")})`;
      assert.ok(isRefusal(await server().ask(["EVAL", script, "0"], frappe)), `in a script: ${command.join(" ")}`);
    }
    const [length] = await all(["LLEN", "rq:queue:acme:short"], ["DEL", "rq:queue:acme:short"]);
    assert.equal(length, 1);
  });

  it("nobody administers the server: not its settings, its end, its users, its copies, or other clients", async () => {
    const refused = [
      ...["CONFIG GET dir", "CONFIG SET dir /tmp", "CONFIG REWRITE", "CONFIG RESETSTAT"],
      ...["SHUTDOWN NOSAVE", "DEBUG SLEEP 0", "DEBUG SEGFAULT", "MONITOR", "SAVE", "BGSAVE", "BGREWRITEAOF"],
      ...["ACL LIST", "ACL SETUSER x on", "ACL SAVE", "ACL GETUSER frappe", "ACL LOAD"],
      ...["MODULE LOAD /tmp/x.so", "MODULE LIST", "CLUSTER RESET", "SLOWLOG RESET", "LATENCY RESET"],
      ...["REPLICAOF 10.0.0.1 6379", "SLAVEOF NO ONE", "FAILOVER", "PSYNC ? -1", "SYNC", "REPLCONF ack 1"],
      ...["CLIENT KILL TYPE normal", "CLIENT PAUSE 1 ALL", "CLIENT UNPAUSE", "CLIENT UNBLOCK 1", "CLIENT NO-EVICT ON"],
    ].map((line) => line.split(" "));
    for (const command of refused) {
      assert.ok(isRefusal(await server().ask(command, frappe), /^NOPERM|not allowed/), command.join(" "));
      const script = `return redis.call(${command.map((word) => `'${word}'`).join(", ")})`;
      assert.ok(isRefusal(await server().ask(["EVAL", script, "0"], frappe)), `in a script: ${command.join(" ")}`);
    }
    assert.equal(await server().ask(["PING"], probe), "PONG");
  });
});

describe("live/redis: what the cache lets its users do", function () {
  this.timeout(5 * 60_000);
  const server = during<RedisClient>((use) => withRedis(serverOf("cache"), use));

  it("an app may empty the cache, as Frappe's own code does", async () => {
    for (const command of [["FLUSHDB"], ["FLUSHALL"]]) assert.equal(await server().ask(command, frappe), "OK");
  });

  it("who only looks sees the server's state and no cached word", async () => {
    assert.match((await server().ask(["INFO", "ALL"], monitor)) as string, /^used_memory:\d+/m);
    assert.equal(await server().ask(["SLOWLOG", "LEN"], monitor), 0);
    const refused = ["GET a", "KEYS *", "SCAN 0", "SLOWLOG GET", "EVAL x 0", "CLIENT LIST", "CONFIG GET *", "FLUSHALL"];
    for (const command of words([...refused, "MONITOR", "SUBSCRIBE events", "ACL LIST", "DEL a", "TYPE a"])) {
      assert.ok(isRefusal(await server().ask(command, monitor), /^NOPERM/), command.join(" "));
    }
  });
});

describe("live/redis: what the queue shows to who only looks", function () {
  this.timeout(5 * 60_000);
  const server = during<RedisClient>((use) => withRedis(serverOf("queue"), use));

  it("counts jobs and workers, by commands and by script", async () => {
    await server().talk(
      [
        ["LPUSH", "rq:queue:acme:short", "a", "b"],
        ["SADD", "rq:workers:acme:short", "rq:worker:1"],
      ],
      frappe,
    );
    assert.equal(await server().ask(["LLEN", "rq:queue:acme:short"], monitor), 2);
    assert.deepEqual(await server().ask(["SMEMBERS", "rq:workers:acme:short"], monitor), ["rq:worker:1"]);
    const script = "return redis.call('LLEN', 'rq:queue:acme:short') + redis.call('EXISTS', 'rq:worker:1')";
    assert.equal(await server().ask(["EVAL", script, "0"], monitor), 2);
  });

  it("shows no job, changes nothing, and administers nothing, in a script neither", async () => {
    await server().talk([["HSET", "rq:job:site::1", "data", "what people wrote"]], frappe);
    const refused = words([
      ...["HGETALL rq:job:site::1", "EXISTS rq:job:site::1", "LRANGE rq:queue:acme:short 0 -1", "GET rq:suspended"],
      ...["LPUSH rq:queue:acme:short x", "DEL rq:queue:acme:short", "SET rq:suspended 1", "LLEN other", "KEYS *"],
      ...["SLOWLOG GET", "CONFIG GET *", "CLIENT LIST", "PUBLISH events x", "FLUSHALL", "SHUTDOWN", "ACL LIST"],
    ]);
    for (const command of refused) {
      assert.ok(isRefusal(await server().ask(command, monitor), /^NOPERM/), command.join(" "));
      const script = `return redis.call(${command.map((word) => `'${word}'`).join(", ")})`;
      assert.ok(isRefusal(await server().ask(["EVAL", script, "0"], monitor)), `in a script: ${command.join(" ")}`);
    }
  });
});
