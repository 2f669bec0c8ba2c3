import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { requeuePassword, sha256 } from "../../components/secrets/derive.ts";
import { redisUser, renderRedisAcl } from "../../topology/redis.ts";
import { requeueScript, requeueUser } from "../../topology/requeue.ts";
import { isRefusal, type RedisClient, withRedis } from "../judges/redis.ts";
import { planOf } from "../support/record-stack.ts";
import { during } from "./during.ts";

const password = "of-the-bench";
const frappe = { user: redisUser, password };
const requeue = { user: requeueUser, password: requeuePassword(password) };

describe("live/requeue: jobs that stand in no queue", function () {
  this.timeout(60_000);
  const { redis } = planOf("dev");
  assert.ok(redis.mode === "embedded");
  const config = redis.servers[1]?.files.files["redis.conf"] ?? "";
  const hashes = { frappe: sha256(password), requeue: sha256(requeue.password) };
  const files = { "/etc/redis-acl/users.acl": { text: renderRedisAcl("queue", hashes), mode: 0o400, uid: 999 } };
  const server = during<RedisClient>((use) => withRedis({ config, files }, use));
  const ask = (...command: string[]) => server().ask(command, frappe);
  const job = (id: string, status: string, origin = "b:short") =>
    ask("HSET", `rq:job:${id}`, "status", status, "origin", origin, "data", "x");

  /** One whole look, as the container beside the server takes it; what it said. */
  async function look(patience: number, interval = 20): Promise<unknown[]> {
    const lines: string[] = [];
    let cursor = "0";
    do {
      const reply = await server().ask(["EVAL", requeueScript, "0", cursor, `${patience}`, `${interval}`], requeue);
      assert.ok(Array.isArray(reply), JSON.stringify(reply));
      const [next = "", ...said] = reply.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
      cursor = next;
      lines.push(...said);
    } while (cursor !== "0");
    return lines.map((line): unknown => JSON.parse(line));
  }

  beforeEach(async () => {
    const keys = await server().ask(["KEYS", "*"], frappe);
    for (const key of Array.isArray(keys) ? keys : []) {
      assert.ok(typeof key === "string");
      await ask("DEL", key);
    }
  });

  it("one that a worker took and never began is put back to the head of its queue, once", async () => {
    await job("site::1", "queued");
    await job("site::2", "queued");
    await ask("RPUSH", "rq:queue:b:short", "site::2");
    assert.deepEqual(await look(0), [{ event: "requeued", job: "site::1", queue: "b:short", missing_seconds: 0 }]);
    assert.deepEqual(await ask("LRANGE", "rq:queue:b:short", "0", "-1"), ["site::1", "site::2"]);
    assert.deepEqual(await look(0), []);
    assert.equal(await ask("EXISTS", "frappe:requeue"), 0);
  });

  it("one that waits, runs, has ended or is not due is left alone", async () => {
    for (const status of ["started", "finished", "failed", "deferred", "scheduled", "stopped", "canceled"]) {
      await job(`site::${status}`, status);
    }
    await job("site::waits", "queued");
    await ask("RPUSH", "rq:queue:b:short", "site::waits");
    await job("site::between", "queued");
    await ask("RPUSH", "rq:queue:b:short:intermediate", "site::between");
    await ask("SADD", "rq:job:site::waits:dependents", "site::deferred");
    await ask("HSET", "rq:job:half", "status", "queued");
    assert.deepEqual(await look(0), []);
  });

  it("one is put back only when it has been missed for so long, without a break", async () => {
    await job("site::1", "queued");
    assert.deepEqual(await look(1), []);
    assert.equal(await ask("LLEN", "rq:queue:b:short"), 0);
    await sleep(1_100);
    assert.deepEqual(await look(1, 0), [], "looked away meanwhile: it may have been there");
    await sleep(1_100);
    assert.equal((await look(1)).length, 1);
  });

  it("each of thousands is looked at, page by page", async () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `site::${index}`);
    const state = ["status", "queued", "origin", "b:long"];
    await server().talk(
      ids.map((id) => ["HSET", `rq:job:${id}`, ...state]),
      frappe,
    );
    await ask("RPUSH", "rq:queue:b:long", ...ids.slice(10));
    assert.equal((await look(0)).length, 10);
    assert.equal(await ask("LLEN", "rq:queue:b:long"), 3_000);
  });

  it("a queue too long to be read at once is left for later", async () => {
    await ask("RPUSH", "rq:queue:b:short", ...Array.from({ length: 20_001 }, (_, index) => `site::${index}`));
    await job("site::gone", "queued");
    assert.deepEqual(await look(0), []);
  });

  it("whoever looks may neither make, change nor drop jobs, nor see anything else", async () => {
    await job("site::1", "queued");
    await ask("SET", "session", "secret");
    for (const line of [
      ...["HSET rq:job:site::1 data y", "DEL rq:job:site::1", "HDEL rq:job:site::1 status", "LPUSH other x"],
      ...[
        "LPOP rq:queue:b:short",
        "GET session",
        "HGET session x",
        "KEYS *",
        "FLUSHALL",
        "CONFIG GET *",
        "PUBLISH a b",
      ],
    ]) {
      assert.ok(isRefusal(await server().ask(line.split(" "), requeue), /^NOPERM/), line);
    }
  });
});
