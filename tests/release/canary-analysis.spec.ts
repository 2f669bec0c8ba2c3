import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Context } from "../../backup/context.ts";
import { analyse, passedIn } from "../../release/canary/analysis.ts";
import type { CanaryJob, ReleaseJob } from "../../release/job.ts";
import type { ReleaseEvent } from "../../release/ledger/records.ts";

const event = (kind: string, facts: object = {}, site = ""): ReleaseEvent => ({
  ...{ at: 1, generation: 1, site, kind },
  facts: facts as ReleaseEvent["facts"],
});

describe("release/canary: the stages that the ledger says were passed", () => {
  it("are those since the trial began, up to the last", () => {
    assert.equal(passedIn([]), 0);
    assert.equal(passedIn([event("trial"), event("canary", { passed: 10 }), event("canary", { passed: 25 })]), 25);
    assert.equal(passedIn([event("canary", { passed: 50 }), event("trial")]), 0);
    assert.equal(passedIn([event("trial"), event("verdict", { passed: 10 }), event("canary", { passed: "much" })]), 0);
  });
});

describe("release/canary: the analysis", () => {
  let server: Server;
  let asked: string[];
  let said: string;
  const write = process.stdout.write.bind(process.stdout);

  beforeEach(async () => {
    [asked, said] = [[], ""];
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end(JSON.stringify({ status: "success", data: { resultType: "vector", result: [] } }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections())));

  const go = async (signal: AbortSignal, events: readonly ReleaseEvent[]) => {
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const stages = [{ weight: 10, seconds: 60 }];
    const canary: CanaryJob = { prometheus: at, stages, maxErrorShare: 1, maxSlowdown: 1.5, minRequests: 20 };
    const job = { release: { id: "0123456789" }, sites: [], endpoints: { nginx: at } } as unknown as ReleaseJob;
    const ledger = { ask: () => Promise.resolve(), events: () => Promise.resolve(events) };
    process.stdout.write = (text: string | Uint8Array) => {
      said += String(text);
      return true;
    };
    try {
      return await analyse({ signal } as Context, job, canary, ledger);
    } finally {
      process.stdout.write = write;
    }
  };
  const shares = () =>
    said
      .split("\n")
      .filter((line) => line.includes('"weight"'))
      .map((line) => JSON.parse(line) as { event: string; release: string; weight: number })
      .map(({ event: name, release, weight }) => `${name} ${release} ${weight}`);

  it("says each share that it wants in a line of its own, and none at its end, also when it is called off", async () => {
    const stop = new AbortController();
    server.once("request", () => setImmediate(() => stop.abort(new Error("called off by SIGTERM"))));
    await assert.rejects(go(stop.signal, [event("trial")]), /called off by SIGTERM/);
    assert.deepEqual(shares(), ["weight 0123456789 10", "weight 0123456789 0"]);
  });

  it("asks for nothing more when every stage was passed before its runner was killed", async () => {
    const problem = await go(new AbortController().signal, [event("trial"), event("canary", { passed: 10 })]);
    assert.equal(problem, undefined);
    assert.deepEqual(shares(), ["weight 0123456789 0"]);
    assert.deepEqual(asked, []);
  });
});
