import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { openQueue, type Queue } from "../../release/queue/index.ts";
import { withRedis, redisServer } from "../../release/queue/redis.ts";
import { startRedis } from "../fixtures/bench/support/bench.ts";
import type { RunningServer } from "../support/tools-server.ts";

const key = "rq:suspended";

describe("release/queue: holding the workers", function () {
  this.timeout(30_000);
  let redis: RunningServer & { readonly port: number };
  let queue: Queue;
  const { signal } = new AbortController();
  const ask = (...command: (string | number)[]) =>
    withRedis(redisServer(`redis://127.0.0.1:${redis.port}`), signal, (send) => send(...command));

  before(async () => {
    redis = await startRedis();
    queue = openQueue(`redis://127.0.0.1:${redis.port}`, "bench", signal);
  });
  after(() => redis?.stop());
  beforeEach(() => ask("FLUSHALL"));

  it("sets the key that RQ looks for, without an end, and takes it away again", async () => {
    assert.deepEqual(await queue.suspend("r1"), { suspended: false });
    assert.deepEqual([await ask("EXISTS", key), await ask("TTL", key)], [1, -1]);
    assert.equal(await queue.isSuspended(), true);
    assert.equal(await queue.resume("r1"), true);
    assert.equal(await queue.isSuspended(), false);
  });

  it("leaves suspended what a person had suspended before, as it was", async () => {
    await ask("SET", key, "1");
    assert.deepEqual(await queue.suspend("r1"), { suspended: true });
    assert.equal(await queue.resume("r1"), false);
    assert.deepEqual([await ask("GET", key), await ask("TTL", key)], ["1", -1]);
  });

  it("holds beyond the end of a suspension that a person had limited, and gives back what is left of it", async () => {
    await ask("SET", key, "1", "EX", 1_000);
    const { until = 0 } = await queue.suspend("r1");
    assert.equal(await ask("TTL", key), -1);
    assert.equal(await queue.resume("r1"), false);
    assert.equal(await ask("GET", key), "1");
    assert.ok(Math.abs(Number(await ask("PEXPIRETIME", key)) - until) <= 2);

    await ask("SET", key, "1", "PX", 50);
    await queue.suspend("r2");
    await sleep(60);
    assert.equal(await queue.isSuspended(), true);
    assert.equal(await queue.resume("r2"), true);
  });

  it("tells a release that was killed and suspends again what had stood before its first time", async () => {
    await ask("SET", key, "1");
    assert.deepEqual(await queue.suspend("r1"), { suspended: true });
    assert.deepEqual(await queue.suspend("r1"), { suspended: true });
    assert.equal(await queue.resume("r1"), false);
    assert.equal(await ask("GET", key), "1");
    assert.equal(await queue.resume("r1"), false);
    assert.equal(await ask("GET", key), "1");
  });

  it("opens for nobody while another bench's release holds the same Redis, in whichever order they end", async () => {
    for (const [first, second] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      await queue.suspend("a");
      assert.deepEqual(await queue.suspend("b"), { suspended: false });
      assert.equal(await queue.resume(first), false);
      assert.equal(await queue.resume(first), false);
      assert.equal(await queue.isSuspended(), true);
      assert.equal(await queue.resume(second), true);
      assert.equal(await queue.isSuspended(), false);
    }
  });

  it("contradicts no person who has resumed or suspended the workers meanwhile", async () => {
    await queue.suspend("r1");
    await ask("DEL", key);
    assert.equal(await queue.resume("r1"), true);
    assert.equal(await queue.isSuspended(), false);
    await queue.suspend("r1");
    for (const value of ["1", "", "[]", "null", '{"releases":1}']) {
      await ask("SET", key, value);
      assert.equal(await queue.resume("r1"), false);
      assert.equal(await ask("GET", key), value);
    }
  });

  it("forgets nobody when ten take hold and let go at once", async () => {
    await ask("SET", key, "by hand");
    const releases = Array.from({ length: 10 }, (_, index) => `r${index}`);
    const priors = await Promise.all(releases.map((release) => queue.suspend(release)));
    assert.ok(priors.every(({ suspended }) => suspended));
    assert.deepEqual(
      await Promise.all(releases.slice(1).map((release) => queue.resume(release))),
      Array(9).fill(false),
    );
    assert.match(String(await ask("GET", key)), /^\{"releases":\["r0"\]/);
    assert.equal(await queue.resume("r0"), false);
    assert.equal(await ask("GET", key), "by hand");
  });
});
