import assert from "node:assert/strict";
import { sha256 } from "../../components/secrets/derive.ts";
import { bytes } from "../../config/units.ts";
import { redisUser, renderRedisAcl } from "../../topology/redis.ts";
import { type RedisClient, type RedisOptions, infoFields, isRefusal, withRedis } from "../judges/redis.ts";
import { planOf } from "../support/record-stack.ts";
import { type StackName, stackConfig, stackNames } from "../support/stacks.ts";
import { requireTool } from "../support/tools.ts";
import { killHard, until } from "./servers.ts";

type Role = "cache" | "queue";
const password = "not-in-the-file/+=";
const frappe = { user: redisUser, password };
const port = 6379;
const mebibyte = 2 ** 20;

const serverOf = (stack: StackName, role: Role) => {
  const { redis } = planOf(stack);
  assert.ok(redis.mode === "embedded");
  const server = redis.servers[role === "cache" ? 0 : 1];
  assert.ok(server && server.workload.name === `redis-${role}`);
  return server;
};

/** The pod's own files; the ACL is made from a password as components/secrets makes it. */
const optionsOf = (stack: StackName, role: Role): RedisOptions => ({
  config: serverOf(stack, role).files.files["redis.conf"] ?? "",
  files: {
    "/etc/redis-acl/users.acl": { text: renderRedisAcl(role, { frappe: sha256(password) }), mode: 0o400, uid: 999 },
  },
});

/** One value of `size` MiB under a key, made on the server. */
const fill = (key: string, size: number) => [
  "EVAL",
  `return redis.call('SET', KEYS[1], string.rep('x', ${size * mebibyte}))`,
  "1",
  key,
];
const info = async ({ ask }: RedisClient, section: string) => infoFields(await ask(["INFO", section], frappe));

for (const stack of stackNames.filter((name) => stackConfig(name).redis.mode === "embedded")) {
  describe(`live/redis: the configurations in force (${stack})`, function () {
    this.timeout(5 * 60_000);
    const { redis } = stackConfig(stack);
    assert.ok(redis.mode === "embedded");

    for (const [role, policy, aof] of [
      ["cache", "allkeys-lru", "0"],
      ["queue", "noeviction", "1"],
    ] as const) {
      it(`${role}: starts, with room beside its data, and the policy that its data bears`, async () => {
        await withRedis(optionsOf(stack, role), async (client) => {
          const memory = await info(client, "memory");
          assert.equal(memory.get("maxmemory_policy"), policy);
          const limit = bytes(redis[role].resources.memory);
          const share = Number(memory.get("maxmemory")) / limit;
          assert.ok(share > 0.5 && share <= (role === "cache" ? 0.8 : 0.6), `${share} of ${limit}`);
          const persistence = await info(client, "persistence");
          assert.deepEqual([persistence.get("aof_enabled"), persistence.get("loading")], [aof, "0"]);
          assert.doesNotMatch(await client.server.log(), /FATAL|Bad directive|without password/i);
        });
      });
    }
  });
}

describe("live/redis: what happens when it is full", function () {
  this.timeout(5 * 60_000);
  const limitOf = async (client: RedisClient) => Number((await info(client, "memory")).get("maxmemory")) / mebibyte;

  it("the cache forgets the least used and takes the new", async () => {
    await withRedis(optionsOf("dev", "cache"), async (client) => {
      const keys = Array.from({ length: Math.ceil((await limitOf(client)) / 4) + 10 }, (_, index) => `key${index}`);
      for (const key of keys) assert.equal(await client.ask(fill(key, 4), frappe), "OK", key);
      assert.ok(Number((await info(client, "stats")).get("evicted_keys")) > 0);
      assert.equal(await client.ask(["EXISTS", keys.at(-1) ?? ""], frappe), 1);
      assert.equal(await client.ask(["SET", "small", "1"], frappe), "OK");
    });
  });

  it("the queue refuses the new, keeps every job, and goes on once some are done", async () => {
    await withRedis(optionsOf("dev", "queue"), async (client) => {
      const keys = Array.from({ length: Math.ceil((await limitOf(client)) / 8) + 10 }, (_, index) => `key${index}`);
      assert.equal(await client.ask(["LPUSH", "rq:queue:default", "first job"], frappe), 1);
      const taken: string[] = [];
      for (const key of keys) {
        if (isRefusal(await client.ask(fill(key, 8), frappe), /OOM/)) break;
        taken.push(key);
      }
      assert.ok(taken.length > 0 && taken.length < keys.length);
      assert.ok(isRefusal(await client.ask(["LPUSH", "rq:queue:default", "next job"], frappe), /^OOM/));
      assert.equal(await client.ask(["EXISTS", ...taken], frappe), taken.length);
      assert.equal((await info(client, "stats")).get("evicted_keys"), "0");
      assert.equal(await client.ask(["RPOP", "rq:queue:default"], frappe), "first job");
      await client.ask(["DEL", ...taken], frappe);
      assert.equal(await client.ask(["LPUSH", "rq:queue:default", "next job"], frappe), 1);
    });
  });
});

describe("live/redis: what outlives a kill", function () {
  this.timeout(5 * 60_000);
  const command = () => [requireTool("redis-server"), "/etc/redis/redis.conf"];

  it("the queue has every job again that was acknowledged, however soon it is killed", async () => {
    await withRedis(optionsOf("dev", "queue"), async (client) => {
      const jobs = Array.from({ length: 2_000 }, (_, index) => `job ${index}`);
      // As RQ queues them.
      const commands = jobs.flatMap((job) => [
        ["MULTI"],
        ["HSET", `rq:job:${job}`, "status", "queued"],
        ["RPUSH", "rq:queue:long", job],
        ["EXEC"],
      ]);
      const replies = await client.talk(commands, frappe);
      assert.deepEqual(
        replies.filter((reply) => typeof reply === "object"),
        jobs.map((_, index) => [1, index + 1]),
      );
      const startAgain = await killHard(client.sandbox, client.server, command());
      await startAgain({ port });
      await until(async () => (await info(client, "persistence")).get("loading") === "0");
      assert.deepEqual(await client.ask(["LRANGE", "rq:queue:long", "0", "-1"], frappe), jobs);
      assert.equal(await client.ask(["HGET", "rq:job:job 1999", "status"], frappe), "queued");
    });
  });

  it("the queue has every job again after an ordered end too, and writes them as append-only file", async () => {
    await withRedis(optionsOf("dev", "queue"), async (client) => {
      await client.ask(["RPUSH", "rq:queue:long", "job"], frappe);
      await client.sandbox.must(["ls", "/data/appendonlydir"]);
      await client.server.stop();
      await client.sandbox.start(command(), { ready: { port } });
      assert.deepEqual(await client.ask(["LRANGE", "rq:queue:long", "0", "-1"], frappe), ["job"]);
    });
  });

  it("the cache begins anew, and has written nothing", async () => {
    await withRedis(optionsOf("dev", "cache"), async (client) => {
      await client.ask(["SET", "key", "value"], frappe);
      await client.server.stop();
      assert.equal(await client.sandbox.must(["ls", "-A", "/data"]), "");
    });
  });
});
