import assert from "node:assert/strict";
import { redisUser, renderRedisAcl, renderRedisConf } from "../../topology/redis.ts";
import { planOf } from "../support/record-stack.ts";
import { stackConfig } from "../support/stacks.ts";

const settings = (text: string) =>
  new Map(
    text
      .trim()
      .split("\n")
      .map((line) => [line.split(" ")[0] ?? "", line.slice(line.indexOf(" ") + 1)]),
  );

function servers(change?: Parameters<typeof stackConfig>[1]) {
  const { redis } = planOf("prod", change);
  assert.ok(redis.mode === "embedded");
  const [cache, queue] = redis.servers;
  assert.ok(cache && queue);
  return { cache, queue };
}

describe("topology/redis", () => {
  it("may forget in the cache: evicts the least used, and writes nothing to disk", () => {
    const conf = settings(renderRedisConf("cache", "1Gi"));
    assert.equal(conf.get("maxmemory-policy"), "allkeys-lru");
    assert.equal(conf.get("appendonly"), "no");
    assert.equal(conf.get("save"), '""');
    assert.equal(conf.get("maxmemory"), "819mb");
  });

  it("never forgets a job: evicts nothing, and appends to disk each second", () => {
    const conf = settings(renderRedisConf("queue", "1Gi"));
    assert.equal(conf.get("maxmemory-policy"), "noeviction");
    assert.equal(conf.get("appendonly"), "yes");
    assert.equal(conf.get("appendfsync"), "always");
    assert.equal(conf.get("maxmemory"), "614mb");
  });

  it("leaves room beside the data for the copy that rewriting the file makes", () => {
    for (const memory of ["256Mi", "1Gi", "16Gi"]) {
      const size = (role: "cache" | "queue") =>
        parseInt(settings(renderRedisConf(role, memory)).get("maxmemory") ?? "");
      assert.ok(size("queue") < size("cache"));
    }
  });

  it("has the queue's volume keep the jobs, and gives the cache none", () => {
    const { cache, queue } = servers();
    assert.equal(cache.volume, undefined);
    assert.equal(cache.workload.holdsData, false);
    assert.equal(queue.workload.holdsData, true);
    assert.deepEqual(queue.volume && [queue.volume.size, queue.volume.storageClass], ["10Gi", "fast-retain"]);
    assert.deepEqual(queue.workload.containers[0]?.volumes, [
      { volume: "redis-queue-data", path: "/data", readOnly: false },
    ]);
  });

  it("lets nobody in without a user, and the probes' ask whether the server is there, and nothing else", () => {
    const [everybody, probe, frappe] = renderRedisAcl("queue", { frappe: "ab".repeat(32) }).split("\n");
    assert.match(everybody ?? "", /^user default off resetpass /);
    assert.equal(probe, "user probe on nopass resetkeys resetchannels -@all +ping");
    assert.ok(frappe?.startsWith(`user ${redisUser} on #${"ab".repeat(32)} `));
    assert.match(frappe ?? "", / \+@all -@admin /);
  });

  it("keeps the password out of configuration and command", () => {
    for (const { workload, files } of Object.values(servers())) {
      const text = JSON.stringify([workload, files]);
      assert.ok(!/requirepass|masterauth|-a /.test(text), workload.name);
      const acl = workload.containers[0]?.files.find(({ path }) => path.endsWith("users.acl"));
      assert.ok(acl && "secret" in acl.from);
    }
  });

  it("makes nothing for managed servers, and reaches them by TLS unless told otherwise", () => {
    const { redis } = planOf("external");
    assert.equal(redis.mode, "external");
    assert.ok(!("servers" in redis));
    assert.deepEqual([redis.cache.tls, redis.queue.tls, redis.queue.port], [true, true, 6379]);
  });
});
