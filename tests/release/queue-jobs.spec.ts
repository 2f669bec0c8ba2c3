import assert from "node:assert/strict";
import { methodIn, pendingJobs, runningJobs } from "../../release/queue/jobs.ts";
import { type Ask, redisServer, withRedis } from "../../release/queue/redis.ts";
import { putBack, strays } from "../../release/queue/strays.ts";
import { livingWorkers } from "../../release/queue/workers.ts";
import { startRedis } from "../fixtures/bench/support/bench.ts";
import type { RunningServer } from "../support/tools-server.ts";

describe("release/queue: jobs as Redis keeps them", function () {
  this.timeout(30_000);
  let redis: RunningServer & { readonly port: number };
  const use = <Result>(work: (ask: Ask) => Promise<Result>) =>
    withRedis(redisServer(`redis://127.0.0.1:${redis.port}`), new AbortController().signal, work);
  const ask = (...command: (string | number)[]) => use((send) => send(...command));
  const job = (id: string, fields: Readonly<Record<string, string>>) =>
    ask("HSET", `rq:job:${id}`, ...Object.entries(fields).flat());
  const queued = { status: "queued", origin: "b:short" };

  before(async () => {
    redis = await startRedis();
  });
  after(() => redis?.stop());
  beforeEach(async () => {
    await ask("FLUSHALL");
    await ask("SADD", "rq:queues", "rq:queue:b:short", "rq:queue:b:long", "rq:queue:bb:short");
  });

  it("tells a job's method and nothing that it was called with, whatever that says of itself", () => {
    const execute = "frappe.utils.background_jobs.execute_job";
    const cases = {
      [`${execute}(event=None, is_async=True, job_name='x', kwargs={'a': 1}, method='frappe.a.b_2', site='s')`]:
        "frappe.a.b_2",
      [`${execute}(kwargs={'a': "method='x.secret'"}, method='frappe.real', site='s', user='Administrator')`]:
        "frappe.real",
      [`${execute}(event=None, method=<function app.tasks.run at 0x7f>, site='s')`]: "app.tasks.run",
      [`${execute}(kwargs={'password': 'secret'}, method=`]: execute,
      [`time.sleep('secret')`]: "time.sleep",
      [`secret words ('secret')`]: "unknown method",
      "": "unknown method",
    };
    for (const [description, method] of Object.entries(cases)) assert.equal(methodIn(description), method, description);
  });

  it("finds the jobs of RQ 1 and of RQ 2 that have begun, but those that RQ has given up", async () => {
    const begun = { worker_name: "w", description: "app.run(1)" };
    await job("s::1", begun);
    await job("s::2", begun);
    await job("s::3", begun);
    const soon = Math.floor(Date.now() / 1000) + 60;
    await ask("ZADD", "rq:wip:b:short", soon, "s::1", 1, "s::3", soon, "s::gone");
    await ask("ZADD", "rq:wip:b:long", "+inf", "s::2:0123456789abcdef");
    await ask("ZADD", "rq:wip:bb:short", soon, "s::1");
    const common = { worker: "w", method: "app.run" };
    assert.deepEqual(await use((send) => runningJobs(send, "b")), [
      { ...common, id: "s::2", queue: "b:long" },
      { ...common, id: "s::1", queue: "b:short" },
    ]);
  });

  it("counts what waits in the bench's own queues", async () => {
    await ask("RPUSH", "rq:queue:b:short", "1", "2");
    await ask("RPUSH", "rq:queue:bb:short", "3");
    assert.deepEqual(await use((send) => pendingJobs(send, "b")), { "b:long": 0, "b:short": 2 });
  });

  it("counts no worker of which only the name is left, and none that has said that it ends", async () => {
    const now = new Date().toISOString();
    await ask("SADD", "rq:workers", "rq:worker:gone", "rq:worker:dead", "rq:worker:lives", "rq:worker:other");
    const field = ["queues", "b:short", "state", "busy", "last_heartbeat", now];
    await ask("HSET", "rq:worker:lives", ...field);
    await ask("HSET", "rq:worker:dead", ...field, "death", now);
    await ask("HSET", "rq:worker:other", ...field, "queues", "bb:short");
    assert.deepEqual(
      (await use((send) => livingWorkers(send, "b"))).map(({ name, state, hears }) => [name, state, hears]),
      [["lives", "busy", false]],
    );
  });

  it("takes an idle worker that has not been heard of since Redis started for one that may find back", async () => {
    await ask("SADD", "rq:workers", "rq:worker:w");
    const heard = (at: number) => [`last_heartbeat`, new Date(at).toISOString()];
    const fields = ["queues", "b:short", "state", "idle", "ip_address", "127.0.0.1:9"];
    await ask("HSET", "rq:worker:w", ...fields, ...heard(Date.now() - 300_000));
    assert.equal((await use((send) => livingWorkers(send, "b"))).length, 1);
    await ask("HSET", "rq:worker:w", ...heard(Date.now() + 1_000));
    assert.equal((await use((send) => livingWorkers(send, "b"))).length, 0);
  });

  it("finds jobs that stand in no queue among thousands, and puts each back once, to the head", async () => {
    await use((send) =>
      Promise.all(
        Array.from({ length: 3_000 }, (_, n) => send("HSET", `rq:job:s::${n}`, ...Object.entries(queued).flat())),
      ),
    );
    const waiting = Array.from({ length: 2_998 }, (_, n) => `s::${n + 2}`);
    await ask("RPUSH", "rq:queue:b:short", ...waiting);
    await ask("RPUSH", "rq:queue:b:short:intermediate", "s::1");
    await job("s::other", { ...queued, origin: "bb:short" });
    for (const status of ["started", "finished", "failed", "deferred", "scheduled"]) {
      await job(status, { ...queued, status });
    }
    const found = await use((send) => strays(send, "b"));
    assert.deepEqual(found.map(({ id }) => id).sort(), ["s::0", "s::1"]);
    for (const each of found) assert.equal(await use((send) => putBack(send, each)), true);
    for (const each of found) assert.equal(await use((send) => putBack(send, each)), false);
    assert.deepEqual(await use((send) => strays(send, "b")), []);
    assert.equal(await ask("LLEN", "rq:queue:b:short"), 3_000);
    assert.equal(await ask("LLEN", "rq:queue:b:short:intermediate"), 0);
    assert.deepEqual(
      new Set((await ask("LRANGE", "rq:queue:b:short", 0, 1)) as string[]),
      new Set(found.map(({ id }) => id)),
    );
  });

  it("does not put back what another does at the same moment, nor what has begun", async () => {
    await job("s::1", queued);
    const stray = { id: "s::1", queue: "b:short" };
    const both = await Promise.all(Array.from({ length: 8 }, () => use((send) => putBack(send, stray))));
    assert.equal(both.filter(Boolean).length, 1);
    assert.equal(await ask("LLEN", "rq:queue:b:short"), 1);
    await ask("DEL", "rq:queue:b:short");
    await job("s::1", { status: "started" });
    assert.equal(await use((send) => putBack(send, stray)), false);
  });
});
