import assert from "node:assert/strict";
import fc from "fast-check";
import {
  fewestOfMinute,
  isInForce,
  problemOfMinute,
  problemOfStage,
  type Sample,
  type Sides,
} from "../../release/canary/judge.ts";

const thresholds = { maxErrorShare: 1, maxSlowdown: 1.5, minRequests: 20 };
const good: Sample = { requests: 100, errors: 1, p95: 0.2 };
const judge = (canary: Partial<Sample>, baseline: Partial<Sample> = {}) =>
  problemOfStage({ canary: { ...good, ...canary }, baseline: { ...good, ...baseline } }, thresholds);

/** A side that can be judged. */
const sample = fc
  .record({ requests: fc.integer({ min: 20, max: 100_000 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .chain(({ requests, share }) =>
    fc.record({
      requests: fc.constant(requests),
      errors: fc.constant(Math.floor(requests * share)),
      p95: fc.double({ min: 0.001, max: 100, noNaN: true }),
    }),
  );
const sides: fc.Arbitrary<Sides<Sample>> = fc.record({ canary: sample, baseline: sample });
const judged = (both: Sides<Sample>) => problemOfStage(both, thresholds);

describe("release/canary: the judgement at a stage's end", () => {
  it("passes a canary that does as the standing set does", () => {
    assert.equal(judge({}), undefined);
    fc.assert(fc.property(sample, (one) => assert.equal(judged({ canary: one, baseline: one }), undefined)));
  });

  it("passes errors up to the points that are allowed, and none more", () => {
    assert.equal(judge({ errors: 2 }), undefined);
    assert.match(judge({ errors: 3 }) ?? "", /^3\.00 % of the canary's answers are 5xx, of the standing set's 1\.00 %/);
    assert.equal(judge({ errors: 50 }, { errors: 50 }), undefined, "the standing set fails as often");
  });

  it("passes a p95 up to what is allowed, and none above", () => {
    assert.equal(judge({ p95: 0.3 }, { p95: 0.2 }), undefined);
    assert.match(judge({ p95: 0.301 }) ?? "", /^the canary's p95 is 301 ms, the standing set's 200 ms; 1\.5 times/);
  });

  it("fails what nobody counted: no requests, too few, no number, no times", () => {
    assert.match(judge({ requests: 0, errors: 0 }) ?? "", /too few requests to judge the canary: 0 of 20/);
    assert.match(judge({ requests: 19.9 }) ?? "", /19 of 20/);
    assert.match(judge({}, { requests: 3 }) ?? "", /too few requests to judge the standing set: 3 of 20/);
    assert.match(judge({ requests: NaN }) ?? "", /no metrics of the canary/);
    assert.match(judge({ errors: NaN }) ?? "", /no metrics of the canary/);
    assert.match(judge({ p95: undefined }) ?? "", /how long the canary's answers take/);
    assert.match(judge({}, { p95: Infinity }) ?? "", /how long the standing set's answers take/);
  });

  it("never passes one that answers worse than one that it does not pass", () => {
    const worse = fc.record({ errors: fc.nat(1_000), slower: fc.double({ min: 1, max: 10, noNaN: true }) });
    fc.assert(
      fc.property(sides, worse, (both, { errors, slower }) => {
        const { canary, baseline } = both;
        const more = Math.min(canary.requests, canary.errors + errors);
        const bad = { ...canary, errors: more, p95: (canary.p95 ?? 0) * slower };
        if (judged(both) !== undefined) assert.notEqual(judged({ canary: bad, baseline }), undefined);
      }),
    );
  });

  it("asks nothing but shares: ten times the requests are judged alike", () => {
    const tenfold = ({ requests, errors, p95 }: Sample): Sample => ({
      requests: requests * 10,
      errors: errors * 10,
      p95,
    });
    fc.assert(
      fc.property(sides, ({ canary, baseline }) => {
        const both = { canary: tenfold(canary), baseline: tenfold(baseline) };
        assert.equal(judged(both), judged({ canary, baseline }));
      }),
    );
  });
});

describe("release/canary: the judgement of a minute", () => {
  it("ends a stage when more than half of enough answers are errors", () => {
    assert.equal(problemOfMinute({ requests: fewestOfMinute, errors: fewestOfMinute / 2 }), undefined);
    assert.match(
      problemOfMinute({ requests: fewestOfMinute, errors: fewestOfMinute / 2 + 1 }) ?? "",
      /^6 of the canary's 10 answers in a minute were 5xx$/,
    );
  });

  it("hangs on no single request", () => {
    assert.equal(problemOfMinute({ requests: fewestOfMinute - 1, errors: fewestOfMinute - 1 }), undefined);
    assert.equal(problemOfMinute({ requests: 0, errors: 0 }), undefined);
  });
});

describe("release/canary: whether a share is in force", () => {
  const of = (canary: number, baseline: number) => ({
    canary: { requests: canary, errors: 0 },
    baseline: { requests: baseline, errors: 0 },
  });

  it("is seen when the canary's requests are nearer to it than to the share before", () => {
    assert.equal(isInForce(of(10, 90), 10, 0), true);
    assert.equal(isInForce(of(4, 96), 10, 0), false);
    assert.equal(isInForce(of(10, 90), 25, 10), false);
    assert.equal(isInForce(of(18, 82), 25, 10), true);
  });

  it("is not seen where nobody asks, and not where the canary alone is not asked", () => {
    assert.equal(isInForce(of(0, 0), 10, 0), false);
    assert.equal(isInForce(of(0, 1_000), 1, 0), false);
    assert.equal(isInForce(of(1, 0), 90, 50), true);
  });
});
