import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { requestMetrics, requestStatuses } from "../../constants/request-metrics.ts";
import { bundleRequests } from "../../requests/bundle.ts";
import { type Sample, valueOf } from "../live/metrics.ts";
import { job, line, type Running, start, told } from "./support/program.ts";

const { requests, seconds, refused } = requestMetrics;
const total = (samples: readonly Sample[], name: string) =>
  samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
const seen = (samples: readonly Sample[]) => total(samples, requests) + total(samples, refused);
const keysOf = (samples: readonly Sample[]) => samples.map(({ name, labels }) => JSON.stringify([name, labels])).sort();

async function running<Result>(use: (program: Running) => Promise<Result>): Promise<Result> {
  const given = await job();
  const program = start(given, given);
  try {
    await told(program, () => true);
    return await use(program);
  } finally {
    program.child.kill("SIGTERM");
    await program.ended;
  }
}

/** Kilobytes that the process has in memory. */
function residentOf({ child }: Running): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]);
}

describe("requests: the program", function () {
  this.timeout(60_000);

  it("is one small text, the same every time, that needs nothing but Node", () => {
    assert.equal(bundleRequests(), bundleRequests());
    assert.ok(Buffer.byteLength(bundleRequests()) < 10_000);
    const needed = [...bundleRequests().matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(needed)].sort(), ["node:dgram", "node:events", "node:fs", "node:http"]);
  });

  it("has every series from the start, at zero, so that a first error is seen as one", async () => {
    const samples = await running(({ metrics }) => metrics());
    for (const site of ["a.example.com", "b.example.com"]) {
      for (const status of requestStatuses) {
        assert.equal(valueOf(samples, requests, { release: "0123456789", site, status }), 0);
      }
    }
    assert.ok(samples.every(({ value }) => value === 0));
  });

  it("counts each request by release, site and status, and its time up to each bound", async () => {
    const samples = await running(async (program) => {
      await program.send([
        line(200, "a.example.com", "0.100"),
        line(302, "a.example.com", "0.101"),
        line(502, "a.example.com", "-"),
        line(503, "b.example.com", "0.010"),
        line(504, "b.example.com", "125.000"),
      ]);
      return told(program, (told_) => seen(told_) === 5);
    });
    const counted = samples.filter(({ name, value }) => name === requests && value > 0);
    assert.deepEqual(
      counted.map(({ labels, value }) => [labels["site"], labels["status"], value]),
      [
        ["a.example.com", "2xx", 1],
        ["a.example.com", "3xx", 1],
        ["a.example.com", "5xx", 1],
        ["b.example.com", "5xx", 1],
        ["b.example.com", "503", 1],
      ],
    );
    const upTo = (le: string) => valueOf(samples, `${seconds}_bucket`, { le });
    assert.deepEqual(["0.1", "1", "120", "+Inf"].map(upTo), [2, 3, 3, 4]);
    assert.equal(valueOf(samples, `${seconds}_count`), 4);
    assert.equal(valueOf(samples, `${seconds}_sum`), 0.1 + 0.101 + 0.01 + 125);
  });

  it("counts what is no such line as refused, and goes on", async () => {
    const samples = await running(async (program) => {
      const good = line(200, "a.example.com", "0.012");
      await program.send(["", "x", Buffer.alloc(60_000, 255), good.slice(0, 20), Buffer.from([0, 1, 2, 3]), good]);
      return told(program, (told_) => seen(told_) === 6);
    });
    assert.equal(total(samples, refused), 5);
    assert.equal(total(samples, requests), 1);
  });

  it("takes no name for a label that is not a site of its release", async () => {
    await running(async (program) => {
      const before = keysOf(await program.metrics());
      // So few at once that the kernel loses none.
      const names = Array.from({ length: 97 }, (_, index) => `s${index}.example.com`);
      const strangers = ["constructor", "__proto__", "b.example.co", ...names];
      await program.send(strangers.map((name) => line(200, name, "0.012")));
      const after = await told(program, (samples) => seen(samples) === 100);
      assert.deepEqual(keysOf(after), before);
      assert.equal(total(after, requests), 0);
    });
  });

  it("answers under a flood, and needs no more memory than its pod gives it", async () => {
    await running(async (program) => {
      const some = Array.from({ length: 1000 }, (_, index) => line(200, "a.example.com", `0.${100 + (index % 900)}`));
      for (let round = 0; round < 100; round += 1) {
        await program.send(some);
        if (round % 20 === 0) assert.ok((await program.metrics()).length > 0);
      }
      assert.ok(residentOf(program) < 120 * 1024);
      // Datagrams may be lost in a flood, never counted twice.
      const counted = total(await program.metrics(), requests);
      assert.ok(counted > 0 && counted <= 100_000, String(counted));
    });
  });

  it("ends at once and well when it is asked to", async () => {
    const given = await job();
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const program = start(given, given);
      await told(program, () => true);
      program.child.kill(signal);
      const { code, output } = await program.ended;
      assert.equal(code, 0, output);
      assert.match(output, /"event":"counting"/);
    }
  });

  it("says what is wrong with its configuration, all at once", async () => {
    const given = await job();
    const wrong = { ...given, release: "", sites: ["a", 1], buckets: [1, 1], logPort: 0, metricsPort: "9114" };
    const { code, output } = await start(wrong, given).ended;
    assert.equal(code, 1);
    for (const key of ["release", "sites", "buckets", "logPort", "metricsPort"]) {
      assert.match(output, new RegExp(`${key}: expected`));
    }
    const none = await start({}, given).ended;
    assert.equal(none.code, 1);
    assert.match(none.output, /release: expected a text/);
  });

  it("says that a port is taken, and does not stay half there", async () => {
    const given = await job();
    const other = createServer().listen(given.metricsPort);
    await once(other, "listening");
    const { code, output } = await start(given, given).ended;
    other.close();
    assert.equal(code, 1);
    assert.match(output, /EADDRINUSE/);
  });
});
