import assert from "node:assert/strict";
import { inForceSeconds } from "../../constants/canary.ts";
import type { CanaryJob } from "../../release/job.ts";
import type { Sample, Sides } from "../../release/canary/judge.ts";
import { NoMetrics } from "../../release/canary/prometheus.ts";
import { type CanaryWorld, lookSeconds, lostLooks, runStages, silentSeconds } from "../../release/canary/stages.ts";

const canary: CanaryJob = {
  prometheus: "http://prometheus:9090",
  stages: [
    { weight: 10, seconds: 300 },
    { weight: 50, seconds: 900 },
  ],
  maxErrorShare: 1,
  maxSlowdown: 1.5,
  minRequests: 20,
};

interface Course {
  /** What Prometheus counts; by default as many requests as the share says, and none of them fails. */
  readonly counted?: (weight: number, now: number) => Sides<Sample> | "silent";
  readonly lost?: (weight: number, now: number) => string | undefined;
  readonly from?: number;
}

const side = (requests: number, errors = 0, p95 = 0.2): Sample => ({ requests, errors, p95 });
const shared = (weight: number): Sides<Sample> => ({ canary: side(weight * 10), baseline: side(1_000 - weight * 10) });

/** Goes through the stages by a clock of its own. */
async function go({ counted = shared, lost = () => undefined, from = 0 }: Course) {
  let now = 0;
  let weight = 0;
  const asked: number[] = [];
  const passed: number[] = [];
  const spans: number[] = [];
  const answer = () => {
    const sides = counted(weight, now);
    return sides === "silent" ? Promise.reject(new NoMetrics("nobody there")) : Promise.resolve(sides);
  };
  const world: CanaryWorld = {
    metrics: {
      answers: answer,
      sample: (seconds) => {
        spans.push(seconds);
        return answer();
      },
    },
    lost: () => Promise.resolve(lost(weight, now)),
    want: (share) => {
      weight = share;
      asked.push(share);
    },
    passed: (share) => Promise.resolve(void passed.push(share)),
    say: () => undefined,
    now: () => now,
    sleep: (seconds) => {
      now += seconds;
      return Promise.resolve();
    },
  };
  const problem = await runStages(canary, from, world);
  return { problem, asked, passed, spans, seconds: now };
}

describe("release/canary: the stages", () => {
  it("are gone through one after the other, each for its time, and judged over it", async () => {
    const { problem, asked, passed, spans, seconds } = await go({});
    assert.equal(problem, undefined);
    assert.deepEqual(asked, [10, 50, 0]);
    assert.deepEqual(passed, [10, 50]);
    assert.deepEqual(spans, [300, 900]);
    assert.equal(seconds, 1_200);
  });

  it("begin when the share is in force, and not at all when it never is", async () => {
    const late = await go({ counted: (weight, now) => shared(now < 120 ? 0 : weight) });
    assert.deepEqual([late.problem, late.seconds], [undefined, 1_320]);
    const never = await go({ counted: () => shared(0) });
    assert.match(never.problem ?? "", /^at 10 % of the requests: the share was not in force within 300 s: of 1000 /);
    assert.deepEqual(never.asked, [10, 0]);
    assert.equal(never.seconds, inForceSeconds);
  });

  it("end with the share taken back when the judgement is bad, and nothing is passed", async () => {
    const { problem, asked, passed, seconds } = await go({
      counted: (weight) => ({ ...shared(weight), canary: side(weight * 10, weight === 50 ? 20 : 0) }),
    });
    assert.match(problem ?? "", /^at 50 % of the requests: 4\.00 % of the canary's answers are 5xx/);
    assert.deepEqual(asked, [10, 50, 0]);
    assert.deepEqual(passed, [10]);
    assert.equal(seconds, 1_200, "a slow rise of errors is judged at the end");
  });

  it("end at once when most answers are errors", async () => {
    const { problem, seconds } = await go({
      counted: (weight, now) => ({ ...shared(weight), canary: side(weight * 10, now > 100 ? weight * 6 : 0) }),
    });
    assert.match(problem ?? "", /^at 10 %.*: 60 of the canary's 100 answers in a minute were 5xx$/);
    assert.equal(seconds, 105);
  });

  it("end when the canary does not answer for a minute, and not when it stumbles", async () => {
    const gone = await go({ lost: () => "no answer (connect ECONNREFUSED)" });
    assert.match(gone.problem ?? "", /^at 10 %.*: the canary does not answer: no answer \(connect ECONNREFUSED\)$/);
    assert.equal(gone.seconds, (lostLooks - 1) * lookSeconds);
    const stumbles = await go({ lost: (_, now) => (now % 60 === 0 ? undefined : "no answer") });
    assert.equal(stumbles.problem, undefined);
  });

  it("end before the share is in force when the canary is gone, or most of what it answers are errors", async () => {
    const gone = await go({ counted: () => shared(0), lost: () => "no answer" });
    assert.match(gone.problem ?? "", /^at 10 %.*: the canary does not answer: no answer$/);
    const failing = await go({ counted: (_, now) => ({ canary: side(20, now > 30 ? 20 : 0), baseline: side(2_000) }) });
    assert.match(failing.problem ?? "", /^at 10 %.*: 20 of the canary's 20 answers in a minute were 5xx$/);
    assert.deepEqual([failing.asked, failing.seconds], [[10, 0], 45]);
    const late = (now: number) => (now > 150 && now < 190 ? "no answer" : undefined);
    const over = await go({ counted: (weight, now) => shared(now < 170 ? 0 : weight), lost: (_, now) => late(now) });
    assert.equal(over.problem, undefined);
  });

  it("end when Prometheus is silent for long, and not when it is for a moment", async () => {
    const silent = await go({ counted: (weight, now) => (now > 60 ? "silent" : shared(weight)) });
    assert.match(silent.problem ?? "", /^at 10 %.*: no metrics for 180 s: nobody there$/);
    assert.equal(silent.seconds, 60 + silentSeconds);
    const moment = await go({ counted: (weight, now) => (now > 60 && now < 200 ? "silent" : shared(weight)) });
    assert.equal(moment.problem, undefined);
    const first = await go({ counted: () => "silent" });
    assert.match(first.problem ?? "", /^at 10 %.*: no metrics for 180 s: nobody there$/);
    assert.equal(first.seconds, silentSeconds);
  });

  it("wait for Prometheus at a stage's end, as long as anywhere else", async () => {
    const back = await go({ counted: (weight, now) => (now >= 300 && now < 420 ? "silent" : shared(weight)) });
    assert.equal(back.problem, undefined);
    const away = await go({ counted: (weight, now) => (now >= 300 ? "silent" : shared(weight)) });
    assert.match(away.problem ?? "", /no metrics for 180 s/);
    assert.deepEqual(away.passed, []);
  });

  it("fail without enough requests to judge by", async () => {
    const { problem } = await go({ counted: (weight) => ({ canary: side(weight), baseline: side(100 - weight) }) });
    assert.match(problem ?? "", /^at 10 %.*: too few requests to judge the canary: 10 of 20/);
  });

  it("go on behind those that were passed before the runner was killed", async () => {
    const { problem, asked, passed } = await go({ from: 10 });
    assert.equal(problem, undefined);
    assert.deepEqual(asked, [50, 0]);
    assert.deepEqual(passed, [50]);
    assert.deepEqual((await go({ from: 50 })).asked, [0]);
    const stands = await go({ from: 10, counted: () => shared(26) });
    assert.match(
      stands.problem ?? "",
      /^at 50 %.*: the share was not in force/,
      "it is nearer to the one that was passed",
    );
  });

  it("hand on what is no answer of Prometheus' own, with the share taken back", async () => {
    let weight = NaN;
    const broken: CanaryWorld = {
      metrics: { answers: () => Promise.reject(new TypeError("a bug")), sample: () => Promise.reject(new Error("x")) },
      lost: () => Promise.resolve(undefined),
      want: (share) => void (weight = share),
      passed: () => Promise.resolve(),
      say: () => undefined,
      now: () => 0,
      sleep: () => Promise.resolve(),
    };
    await assert.rejects(runStages(canary, 0, broken), TypeError);
    assert.equal(weight, 0);
  });
});
