import assert from "node:assert/strict";
import fc from "fast-check";
import {
  fewestErrors,
  fewestOfMinute,
  fewestOfPace,
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
const times = ({ requests, errors, p95 }: Sample, n: number): Sample => ({
  requests: requests * n,
  errors: errors * n,
  p95,
});
const judged = (both: Sides<Sample>) => problemOfStage(both, thresholds);

describe("release/canary: the judgement at a stage's end", () => {
  it("passes a canary that does as the standing set does", () => {
    assert.equal(judge({}), undefined);
    fc.assert(fc.property(sample, (one) => assert.equal(judged({ canary: one, baseline: one }), undefined)));
  });

  it("passes errors up to the points that are allowed, and none more", () => {
    assert.equal(judge({ errors: 2 }), undefined);
    const many = { requests: 1_000, errors: 10 };
    assert.equal(judge({ requests: 1_000, errors: 20 }, many), undefined);
    assert.match(
      judge({ requests: 1_000, errors: 21 }, many) ?? "",
      /^2\.10 % of the canary's answers are 5xx, of the standing set's 1\.00 %/,
    );
    assert.equal(judge({ errors: 50 }, { errors: 50 }), undefined, "the standing set fails as often");
  });

  it("takes no one or two errors of few requests for a share", () => {
    const few = (errors: number, usual = 0) => judge({ requests: 20, errors }, { requests: 180, errors: usual });
    assert.equal(few(fewestErrors - 1), undefined);
    assert.match(few(fewestErrors) ?? "", /^15 % of the canary's answers are 5xx/);
    assert.equal(few(fewestErrors, 1), undefined, "the standing set's share gives a part of them");
    assert.match(few(fewestErrors + 1, 1) ?? "", /^20 % of the canary's answers are 5xx/);
  });

  it("judges few requests by their errors alone", () => {
    const slow = { requests: fewestOfPace - 1, errors: 0, p95: 10 };
    assert.equal(judge(slow), undefined);
    assert.equal(judge({ p95: 10 }, { requests: fewestOfPace - 1, p95: undefined }), undefined);
    assert.match(judge({ ...slow, requests: fewestOfPace }) ?? "", /^the canary's p95 is 10000 ms/);
    assert.match(judge({ ...slow, errors: 10 }) ?? "", /of the canary's answers are 5xx/);
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

  it("asks nothing but shares where there are many requests: ten times these are judged alike", () => {
    const many = sides.map(({ canary, baseline }) => ({ canary: times(canary, 500), baseline: times(baseline, 500) }));
    fc.assert(
      fc.property(many, ({ canary, baseline }) => {
        const both = { canary: times(canary, 10), baseline: times(baseline, 10) };
        assert.equal(judged(both), judged({ canary, baseline }));
      }),
    );
  });

  it("never passes with more requests what it does not pass with fewer of the same share", () => {
    fc.assert(
      fc.property(sides, fc.integer({ min: 2, max: 50 }), ({ canary, baseline }, n) => {
        if (judged({ canary, baseline }) === undefined) return;
        assert.notEqual(judged({ canary: times(canary, n), baseline: times(baseline, n) }), undefined);
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
