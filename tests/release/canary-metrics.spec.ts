import assert from "node:assert/strict";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { metricsOf, NoMetrics } from "../../release/canary/prometheus.ts";
import { type Series, withSeries } from "./support/prometheus.ts";

const going = new AbortController().signal;
const requests = "frappe_http_requests_total";
const buckets = "frappe_http_request_duration_seconds_bucket";

/** Requests of a release by status, as a course of its counter. */
const counter = (release: string, status: string, at: Series["at"], site = "a.test"): Series => ({
  name: requests,
  labels: { release, site, status, instance: `${release}:9114` },
  at,
});
/** One request a second since the series began with `first`, `begun` seconds ago. */
const steady =
  (perSecond: number, begun = 3_600, first = 0): Series["at"] =>
  (ago) =>
    ago > begun ? undefined : first + (begun - ago) * perSecond;

describe("release/canary: what Prometheus has counted", function () {
  this.timeout(60_000);

  it("is told by release, over the span that is asked for, from all sites and replicas", async () => {
    const series = [
      counter("old", "2xx", steady(1)),
      counter("old", "2xx", steady(1), "b.test"),
      counter("old", "5xx", steady(0.1)),
      counter("older", "2xx", steady(1)),
      counter("new", "2xx", steady(0.5)),
      counter("new", "5xx", steady(0.03)),
      counter("new", "503", steady(0.02)),
    ];
    const { canary, baseline } = await withSeries(series, (at) => metricsOf(at, "new", going).answers(300));
    // The last value may be some seconds old.
    assert.ok(Math.abs(canary.requests - 165) < 20 && Math.abs(canary.errors - 15) < 2, JSON.stringify(canary));
    assert.ok(Math.abs(baseline.requests - 930) < 100 && Math.abs(baseline.errors - 30) < 4, JSON.stringify(baseline));
  });

  it("misses no error that was there when a series began", async () => {
    const series = [counter("new", "2xx", steady(0, 200, 30)), counter("new", "5xx", steady(0, 100, 7))];
    const { canary } = await withSeries(series, (at) => metricsOf(at, "new", going).answers(300));
    assert.deepEqual(canary, { requests: 37, errors: 7 });
  });

  it("misses nothing that was counted before a restart", async () => {
    const restarted: Series["at"] = (ago) => (ago >= 120 ? 1_000 + (3_600 - ago) : 120 - ago);
    const { canary } = await withSeries([counter("new", "2xx", restarted)], (at) =>
      metricsOf(at, "new", going).answers(300),
    );
    assert.ok(canary.requests > 230 && canary.requests < 320, JSON.stringify(canary));
  });

  it("leaves out what was before the span", async () => {
    const { canary } = await withSeries([counter("new", "5xx", steady(0, 3_600, 500))], (at) =>
      metricsOf(at, "new", going).answers(300),
    );
    assert.deepEqual(canary, { requests: 0, errors: 0 });
  });

  it("has the p95 of each side, and none of a side without requests", async () => {
    const bucket = (release: string, le: string, perSecond: number): Series => ({
      name: buckets,
      labels: { release, le },
      at: steady(perSecond),
    });
    const series = [
      ...["0.1", "0.5", "1", "+Inf"].map((le) => bucket("old", le, 10)),
      bucket("new", "0.1", 8),
      ...["0.5", "1", "+Inf"].map((le) => bucket("new", le, 10)),
      counter("new", "2xx", steady(1)),
    ];
    const sides = await withSeries(series, (at) => metricsOf(at, "new", going).sample(300));
    // The first bucket has all; of the other's, three quarters of the second one are needed.
    assert.ok(Math.abs((sides.baseline.p95 ?? 0) - 0.095) < 0.001, JSON.stringify(sides));
    assert.ok(Math.abs((sides.canary.p95 ?? 0) - 0.4) < 0.001, JSON.stringify(sides));
    const alone = await withSeries(series.slice(4), (at) => metricsOf(at, "new", going).sample(300));
    assert.equal(alone.baseline.p95, undefined);
    assert.deepEqual([alone.baseline.requests, alone.baseline.errors], [0, 0]);
  });
});

describe("release/canary: a Prometheus that does not answer as it should", () => {
  let server: Server;
  let answer: (response: ServerResponse) => void;
  const asked: string[] = [];
  const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answers = (signal = going) => metricsOf(endpoint(), 'a"b', signal).answers(60);
  const says = (status: number, body: unknown) => {
    answer = (response) => void response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  };

  beforeEach(async () => {
    asked.length = 0;
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        asked.push(`${request.method} ${request.url} ${new URLSearchParams(body).get("query")}`);
        answer(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections())));

  const cases: readonly (readonly [string, number, unknown, RegExp])[] = [
    ["an error of its own", 422, { status: "error", error: "parse error" }, /got "parse error"$/],
    ["a page", 502, "<html>Bad gateway</html>", /Prometheus does not answer: Unexpected token/],
    ["something else", 200, { status: "success", data: { resultType: "scalar" } }, /expected a vector/],
    ["nothing", 200, null, /expected a vector from Prometheus, got null/],
    ["rows without labels", 200, { status: "success", data: { result: [null] } }, /expected rows with labels/],
    [
      "no number",
      200,
      { status: "success", data: { result: [{ metric: {}, value: [1, "NaN"] }] } },
      /expected numbers of requests, got NaN/,
    ],
  ];
  for (const [what, status, body, message] of cases) {
    it(`has no metrics: ${what}`, async () => {
      says(status, body);
      await assert.rejects(answers(), (error: Error) => error instanceof NoMetrics && message.test(error.message));
    });
  }

  it("has no metrics when nobody listens, and says who was asked for", async () => {
    const nobody = metricsOf("http://127.0.0.1:1", "new", going);
    await assert.rejects(
      nobody.answers(60),
      (error: Error) => error instanceof NoMetrics && /:1|bad port/.test(error.message),
    );
  });

  it("ends with what calls the work off, though no answer comes", async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error("called off"));
    await assert.rejects(answers(stop.signal), /^Error: called off$/);
  });

  it("counts nothing where no series is there, and quotes the release", async () => {
    says(200, { status: "success", data: { resultType: "vector", result: [] } });
    const none = { requests: 0, errors: 0 };
    const sides = await metricsOf(endpoint(), 'a"b', going).sample(60);
    assert.deepEqual(sides, { canary: { ...none, p95: undefined }, baseline: { ...none, p95: undefined } });
    assert.ok(asked.every((line) => line.startsWith("POST /api/v1/query ")));
    assert.ok(asked.some((line) => line.includes('{release="a\\"b"}[60s]')));
    assert.ok(asked.some((line) => line.includes('{release!="a\\"b"}[60s]')));
  });
});
