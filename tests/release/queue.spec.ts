import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { drain } from "../../release/queue/drain.ts";
import { openQueue, type Patience, type Queue } from "../../release/queue/index.ts";
import { redisServer } from "../../release/queue/redis.ts";
import { benchFor } from "../fixtures/bench/support/bench.ts";
import { startWeb, type Web } from "../fixtures/bench/support/web.ts";
import { until } from "../live/servers.ts";
import type { RunningServer } from "../support/tools-server.ts";

const secret = "what-the-job-was-called-with";

describe("release/queue: real workers", function () {
  this.timeout(300_000);
  let web: Web;
  let queue: Queue;
  let lines: string[];
  let started: RunningServer[];
  const bench = benchFor("mariadb", async (made) => {
    await made.newSite("a.test");
    web = await startWeb(made);
  });
  const { signal } = new AbortController();
  const url = () => `redis://127.0.0.1:${bench().redis.port}`;
  const patience = (limit = 600): Patience => ({ limit, progress: (line) => lines.push(line) });
  const ask = (...command: string[]) => bench().ask(...command);
  /** @param lasts until `letEnd`: how fast a machine is plays no part. */
  const enqueue = async (row: string, { queue: name = "short", lasts = false } = {}) =>
    String(
      await web.json("a.test", `/api/method/fixture.enqueue?queue=${name}&until=${lasts ? "end" : ""}&row=${row}`, {
        method: "POST",
        body: {},
      }),
    );
  const letEnd = () => ask("set", "end", "1");
  const rows = () => bench().sql("a.test", "SELECT title FROM `tabNote` ORDER BY title").split("\n").filter(Boolean);
  const start = async (argv: readonly string[]) => {
    const server = await bench().start(argv, /Listening on/);
    started.push(server);
    return server;
  };
  const worker = (queues = "short,default") => start(["bench", "worker", "--queue", queues]);
  /** As a container: whenever its worker ends, it starts another. */
  const returning = () =>
    start([
      "sh",
      "-c",
      `trap 'kill $!; wait; exit' TERM; while :; do bench worker --queue short,default & wait $!; done`,
    ]);
  const states = async () => (await queue.workers()).map(({ state }) => state).join();
  const inState = (state: string) => until(async () => (await states()) === state);
  const children = ({ pid }: RunningServer) =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  /** Kills a worker as a container's end does: with the job's process. */
  const killWhole = async (server: RunningServer) => {
    const jobs = children(server);
    await server.stop(0);
    for (const pid of jobs) process.kill(pid, "SIGKILL");
  };
  const late = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => assert.fail("it was not late"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Error && !error.message.includes(secret), String(error));
    return error.message;
  };

  beforeEach("no jobs, no rows, no workers", () => {
    bench().ask("flushall");
    bench().sql("a.test", "DELETE FROM `tabNote`");
    queue = openQueue(url(), "fixture", signal);
    lines = [];
    started = [];
  });
  afterEach("end the workers", async () => {
    letEnd();
    // A worker is nice, and what is killed before it has ended leaves it to the next test.
    for (const server of started) await server.stop(120_000);
  });

  it("has an idle worker come back suspended, instead of waiting for one more job; jobs that wait then run later", async () => {
    await returning();
    await inState("idle");
    const [before] = await queue.workers();
    await queue.suspend("r1");
    await queue.drain(patience());
    assert.match(lines[0] ?? "", new RegExp(`^worker ${before?.name} on \\S+ is idle, may take one more job`));
    await inState("suspended");
    const [after] = await queue.workers();
    assert.deepEqual(after?.queues, ["fixture:short", "fixture:default"]);
    assert.notEqual(after?.name, before?.name);

    await enqueue("one");
    await enqueue("two");
    await enqueue("three", { queue: "default" });
    assert.deepEqual(await queue.pending(), { "fixture:default": 1, "fixture:short": 2 });
    assert.deepEqual([await queue.restless(), rows()], [[], []]);
    assert.equal(await queue.resume("r1"), true);
    await until(async () => rows().length === 3);
  });

  it("waits for the one more job that an idle worker takes after the suspension, and for none after it", async () => {
    await worker();
    await inState("idle");
    const [before] = await queue.workers();
    await queue.suspend("r1");
    const job = await enqueue(secret, { lasts: true });
    await inState("busy");
    await enqueue("next");
    const drained = queue.drain(patience());
    const waits = `job ${job} (frappe.fixture.work) of fixture:short runs in worker ${before?.name}`;
    await until(async () => lines.includes(waits));
    letEnd();
    await drained;
    assert.deepEqual(rows(), [secret]);
    assert.deepEqual(await queue.pending(), { "fixture:short": 1 });
    assert.deepEqual(
      (await queue.workers()).map(({ name, state }) => [name, state]),
      [[before?.name, "suspended"]],
    );
  });

  it("is late for a job that does not end, names it, and leaves it and all that wait as they are", async () => {
    await worker();
    const job = await enqueue(secret, { lasts: true });
    await inState("busy");
    await until(async () => ask("zcard", "rq:wip:fixture:short") === "1");
    await enqueue("next");
    await queue.suspend("r1");
    const message = await late(queue.drain(patience(1)));
    assert.match(
      message,
      /^the job queues do not come to rest within 1 s: job a\.test::\S+ \(frappe\.fixture\.work\) of/,
    );
    assert.match(message, /No job was ended or removed$/);
    assert.ok(message.includes(job));
    assert.equal(ask("zcard", "rq:wip:fixture:short"), "1");
    letEnd();
    await queue.resume("r1");
    await until(async () => rows().length === 2);
    assert.deepEqual(rows(), ["next", secret]);
  });

  it("does not wait for a worker that was killed while it was idle, and does for one beside it", async () => {
    const phantom = await worker();
    await inState("idle");
    await phantom.stop(0);
    assert.equal(ask("scard", "rq:workers:fixture:short"), "1");
    assert.deepEqual(await queue.workers(), []);
    await returning();
    await inState("idle");
    await queue.suspend("r1");
    await queue.drain(patience());
    await inState("suspended");
    assert.equal(ask("scard", "rq:workers:fixture:short"), "2");
  });

  it("waits for a worker that was killed over a job until RQ would have heard of it, and leaves that job where it is", async () => {
    const phantom = await worker();
    const job = await enqueue(secret, { lasts: true });
    await inState("busy");
    await until(async () => ask("zcard", "rq:wip:fixture:short") === "1");
    await killWhole(phantom);
    await queue.suspend("r1");
    assert.match(await late(queue.drain(patience(1))), new RegExp(`job ${job} \\(frappe.fixture.work\\)`));
    const [name = ""] = ask("smembers", "rq:workers").split("\n");
    ask("hset", name, "last_heartbeat", new Date(Date.now() - 91_000).toISOString());
    await queue.drain(patience());
    assert.deepEqual(await queue.workers(), []);
    assert.equal(ask("zrange", "rq:wip:fixture:short", "0", "-1"), job);
  });

  it("sees an idle worker that no longer listens, as after a restart of Redis, and asks for a person", async () => {
    const deaf = await worker();
    await inState("idle");
    ask("client", "kill", "type", "pubsub");
    await until(async () => !(await queue.workers())[0]?.hears);
    await queue.suspend("r1");
    assert.match(
      await late(queue.drain(patience(1))),
      /is idle, may take one more job, and does not listen .*restart it/,
    );
    await enqueue("one-more");
    await queue.drain(patience());
    assert.deepEqual([await states(), rows()], ["suspended", ["one-more"]]);
    assert.match(await late(queue.shutdownWorkers(patience(1))), /is suspended and does not listen: restart it/);
    await deaf.stop();
    await queue.shutdownWorkers(patience());
    assert.deepEqual(await queue.workers(), []);
  });

  it("counts a worker that stands still, even one that RQ has forgotten", async () => {
    const still = await worker();
    await inState("idle");
    const name = (await queue.workers())[0]?.name ?? "";
    process.kill(still.pid, "SIGSTOP");
    try {
      await queue.suspend("r1");
      assert.match(await late(queue.drain(patience(1))), /is idle/);
      ask("del", `rq:worker:${name}`, "rq:workers", "rq:workers:fixture:short");
      assert.match(await late(queue.drain(patience(1))), new RegExp(`worker ${name} is unknown`));
    } finally {
      process.kill(still.pid, "SIGCONT");
    }
    await queue.drain(patience());
  });

  it("puts back the job that a worker had taken and not begun when it ended, and no job that waits", async () => {
    const lost = await enqueue("lost");
    assert.equal(ask("lpop", "rq:queue:fixture:short"), lost);
    await enqueue("waits");
    await queue.suspend("r1");
    await worker();
    await inState("suspended");
    assert.deepEqual(await queue.drain(patience()), [lost]);
    assert.deepEqual(lines, [`put back jobs that no worker had begun: ${lost}`]);
    assert.deepEqual(await queue.pending(), { "fixture:short": 2 });
    assert.deepEqual(await queue.drain(patience()), []);
    await queue.resume("r1");
    await until(async () => rows().length === 2);
  });

  it("loses no job that comes while workers are told to end", async () => {
    await returning();
    for (const row of ["1", "2", "3"]) {
      await inState("idle");
      await queue.suspend("r1");
      await Promise.all([queue.drain(patience()), enqueue(row)]);
      await queue.drain(patience());
      await queue.resume("r1");
      await until(async () => rows().includes(row));
    }
  });

  it("leaves another bench's workers on the same Redis alone, which are suspended all the same", async () => {
    await start([`${bench().folder}/env/bin/python`, "-m", "rq.cli", "worker", "--url", url(), "fixture2:short"]);
    const [name = ""] = ask("smembers", "rq:workers").split("\n");
    const state = () => ask("hget", name, "state");
    await until(async () => state() === "idle");
    await queue.suspend("r1");
    await queue.drain(patience());
    assert.deepEqual([lines, state()], [[], "idle"]);
  });

  it("tells suspended workers to end, and a busy one once only, so that its job ends well", async () => {
    await worker();
    await worker("default");
    await inState("idle,idle");
    await enqueue("slow", { lasts: true });
    await until(async () => (await states()).includes("busy"));
    await queue.suspend("r1");
    assert.match(
      await late(queue.shutdownWorkers(patience(1))),
      /^the workers do not end within 1 s: worker \S+ on \S+ is busy/,
    );
    letEnd();
    await queue.shutdownWorkers(patience());
    assert.deepEqual(await queue.workers(), []);
    assert.deepEqual(rows(), ["slow"]);
  });

  it("outlasts a Redis that hangs, and gives up at once where it is refused or nobody is suspended", async () => {
    await returning();
    await inState("idle");
    await queue.suspend("r1");
    process.kill(bench().redis.pid, "SIGSTOP");
    await drain(redisServer(url(), 0.5), "fixture", {
      ...patience(),
      signal,
      progress: (line) => {
        lines.push(line);
        if (line.includes("does not answer")) process.kill(bench().redis.pid, "SIGCONT");
      },
    });
    assert.match(lines[0] ?? "", /^redis at 127\.0\.0\.1:\d+ does not answer within 0\.5 s$/);
    await inState("suspended");

    const stranger = openQueue(url().replace("//", "//nobody:pass-word@"), "fixture", signal);
    assert.match(await late(stranger.drain(patience())), /refuses AUTH: WRONGPASS(?!.*pass-word)/);
    await queue.resume("r1");
    assert.match(await late(queue.drain(patience())), /somebody has removed rq:suspended/);
  });

  it("stops waiting when it is called off", async () => {
    await worker();
    await enqueue("slow", { lasts: true });
    await inState("busy");
    await queue.suspend("r1");
    const controller = new AbortController();
    const off = openQueue(url(), "fixture", controller.signal);
    const calledOff = off.drain({
      limit: 60,
      progress: () => setTimeout(() => controller.abort(new Error("the lock was lost")), 10),
    });
    assert.equal(await late(calledOff), "the lock was lost");
  });
});
