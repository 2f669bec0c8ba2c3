import assert from "node:assert/strict";
import type { Exception, Gates, Proof } from "../../gates/declared.ts";
import { type Beginning, judge, type Standing } from "../../gates/judge.ts";

const id = "0a1b2c3d4e";
/** A Friday, an hour into the freeze. */
const friday = Date.parse("2026-11-20T13:00:00Z");
const thursday = Date.parse("2026-11-19T13:00:00Z");
const digest = `sha256:${"ab".repeat(32)}`;

const freeze = { timeZone: "UTC", weekly: [{ from: "fri 12:00", to: "mon 06:00" }], dated: [] };
const staging = { bench: "frappe-staging", hours: 24 };
const proof: Proof = {
  bench: "frappe-staging",
  release: "9988776655",
  digest,
  apps: { erpnext: "16.33.0", frappe: "16.31.0" },
  confirmedAt: "2026-11-18T13:00:00Z",
};
const exception: Exception = {
  release: id,
  gates: ["freeze"],
  reason: "the login page is open to everybody",
  by: "ada",
  until: "2026-11-20T20:00Z",
};
const stands: Standing = { id: "1111111111", kinds: { code: "a", sites: "b", settings: "c" } };

const release = (gates: Partial<Gates>, more: Partial<Beginning> = {}): Beginning => ({
  id,
  image: `registry.test/bench:v16@${digest}`,
  apps: [
    { name: "frappe", version: "16.31.0" },
    { name: "erpnext", version: "16.33.0" },
  ],
  kinds: { code: "x", sites: "b", settings: "c" },
  gates: { oneChange: true, ...gates },
  ...more,
});
const said = (gates: Partial<Gates>, more: Partial<Beginning> = {}, at = friday, from: Standing | undefined = stands) =>
  judge(release(gates, more), from, at).problems;

/** Fails unless there is this one problem. */
function refuses(problems: readonly string[], pattern: RegExp): void {
  assert.equal(problems.length, 1, problems.join("\n") || "nothing was said");
  assert.match(problems[0] ?? "", pattern);
}

describe("gates: whether a release may begin", () => {
  it("has nothing against one of a stack without gates, nor against one that keeps to all", () => {
    assert.deepEqual(judge({ ...release({}), gates: { oneChange: false } }, stands, friday), { problems: [] });
    assert.deepEqual(judge(release({ freeze, staging, proof }), stands, thursday), { problems: [] });
  });

  it("names every gate that refuses it, each with what to do", () => {
    const problems = said({ freeze, staging }, { kinds: { code: "x", sites: "y", settings: "c" } });
    assert.equal(problems.length, 3);
    for (const [at, gate] of ["freeze", "oneChange", "staging"].entries()) {
      assert.match(
        problems[at] ?? "",
        new RegExp(`let it pass by frappe:release\\.exception with release: "${id}" and gates: \\[${gate}\\]$`),
      );
    }
  });

  it("has nothing against one that goes back on purpose, whatever it is made of and whenever it comes", () => {
    const kinds = { code: "x", sites: "y", settings: "z" };
    assert.deepEqual(said({ freeze, staging }, { rollbackTo: "1111111111", kinds }), []);
  });

  describe("a return to code that has stood here", () => {
    const other = { image: `registry.test/bench:v17@sha256:${"cd".repeat(32)}`, apps: release({}).apps };
    const known = { image: `mirror.test/bench@${digest}`, apps: release({}).apps.toReversed() };
    const kinds = { code: "x", sites: "b", settings: "z" };
    const back = (stood: Standing["stood"], codeOnly = true) =>
      said({ freeze, staging }, { codeOnly, kinds }, friday, { ...stands, ...(stood && { stood }) });

    it("passes every gate as one of code alone: no other way back leads there", () => {
      assert.deepEqual(back([known, other]), []);
      assert.deepEqual(back([other, known, other]), []);
    });

    it("is none with a strategy that migrates, nor to what never stood, nor with other apps", () => {
      assert.equal(back([known, other], false).length, 3);
      assert.equal(back([other, other]).length, 3);
      assert.equal(back([{ ...known, apps: [{ name: "frappe", version: "16.31.0" }] }, other]).length, 3);
      assert.equal(back([{ ...known, image: other.image }, other]).length, 3);
    });

    it("is none where that code stands: there is nothing to go back from", () => {
      assert.equal(back([known]).length, 3);
      assert.equal(back([known, other, known]).length, 3);
    });

    it("is not taken for one where nobody has asked the ledger", () => {
      assert.equal(back(undefined).length, 3);
    });
  });

  describe("the freeze", () => {
    it("refuses a release inside a window, and says until when by both clocks", () => {
      refuses(
        said({ freeze: { ...freeze, timeZone: "Asia/Singapore" } }),
        /^no release begins from fri 12:00 to mon 06:00 \(frappe:release\.gates\.freeze\): wait until mon 2026-11-23 06:00 Asia\/Singapore, 2026-11-22T22:00Z; or/,
      );
      assert.deepEqual(said({ freeze }, {}, thursday), []);
    });

    it("lets the first release of a stack begin: nobody works there yet", () => {
      assert.deepEqual(judge(release({ freeze }), undefined, friday), { problems: [] });
    });
  });

  describe("one change at a time", () => {
    it("refuses two kinds of change, and names them and the release that stands", () => {
      refuses(
        said({}, { kinds: { code: "x", sites: "y", settings: "c" } }),
        /^against release 1111111111, which stands, code \(frappe:image\), sites \(frappe:sites\) change at once: release them one after the other; or/,
      );
      refuses(
        said({}, { kinds: { code: "a", sites: "y", settings: "z" } }),
        /sites \(frappe:sites\), settings \(frappe:bench or frappe:database\) change/,
      );
    });

    it("takes each kind alone, and a new attempt at nothing else", () => {
      for (const kind of ["code", "sites", "settings", "none"]) {
        assert.deepEqual(said({}, { kinds: { code: "a", sites: "b", settings: "c", [kind]: "x" } }), [], kind);
      }
    });

    it("does not ask where it is not wanted, at the first release, or where the last one was not written down", () => {
      const kinds = { code: "x", sites: "y", settings: "z" };
      assert.deepEqual(said({ oneChange: false }, { kinds }), []);
      assert.deepEqual(judge(release({}, { kinds }), undefined, friday).problems, []);
      assert.deepEqual(said({}, { kinds }, friday, { id: "1111111111" }), []);
    });
  });

  describe("staging before production", () => {
    const proves = (change: Partial<Proof>, at = friday) => said({ staging, proof: { ...proof, ...change } }, {}, at);

    it("asks for a proof, of the first release too", () => {
      refuses(
        said({ staging }),
        /^frappe:release\.proof is missing: put in what `npm run releases -- <staging> attest/,
      );
      assert.equal(judge(release({ staging }), undefined, friday).problems.length, 1);
    });

    it("refuses one of another bench, another image, other apps, or another version", () => {
      refuses(proves({ bench: "frappe-dev" }), /is of frappe-dev, and frappe-staging is asked for/);
      refuses(proves({ digest: `sha256:${"cd".repeat(32)}` }), /is of sha256:cdcd.*, and the image is sha256:abab/);
      refuses(proves({ apps: { frappe: "16.31.0" } }), /is of the apps frappe 16\.31\.0, and frappe:image\.apps are/);
      refuses(proves({ apps: { ...proof.apps, erpnext: "16.32.0" } }), /erpnext 16\.32\.0, .* erpnext 16\.33\.0/);
    });

    it("goes by the digest, whatever the registry is called, and minds no order of apps", () => {
      assert.deepEqual(said({ staging, proof }, { image: `mirror.test/other@${digest}` }), []);
    });

    it("waits until the image has stood there for as long as is asked", () => {
      refuses(
        proves({ confirmedAt: "2026-11-19T13:00:01Z" }),
        /has stood on frappe-staging since 2026-11-19T13:00:01Z, and 24 h are asked for: wait until 2026-11-20T13:00Z/,
      );
      assert.deepEqual(proves({ confirmedAt: "2026-11-19T13:00:00Z" }), []);
    });

    it("refuses one that is to come, or without a date", () => {
      refuses(proves({ confirmedAt: "2026-11-20T13:00:01Z" }), /which is to come/);
      refuses(proves({ confirmedAt: "soon" }), /which is to come/);
    });

    it("refuses a time at which nothing can have stood: it is that of a clock or a program that was wrong", () => {
      for (const confirmedAt of ["1970-01-01T00:00Z", "2019-12-31T23:59Z"]) {
        refuses(proves({ confirmedAt }), /stood at (1970|2019)-.*, and a time before 2020 is none: put in what/);
      }
      assert.deepEqual(proves({ confirmedAt: "2020-01-01T00:00Z" }), []);
    });
  });

  describe("an exception", () => {
    const other = (change: Partial<Exception>) => said({ freeze, exception: { ...exception, ...change } });

    it("lets its release pass, and is kept for the record with what it has opened and who agreed to it", () => {
      const { problems, excepted } = judge(
        release({ freeze, exception: { ...exception, gates: ["staging", "freeze"] } }),
        stands,
        friday,
      );
      assert.deepEqual(problems, []);
      const { reason, by, until } = exception;
      assert.deepEqual(excepted, { gates: ["freeze"], reason, by, until });
    });

    it("is no part of the record where nothing would have refused the release", () => {
      assert.deepEqual(judge(release({ freeze, exception }), stands, thursday), { problems: [] });
    });

    it("opens the gates that it names, and no other", () => {
      refuses(other({ gates: ["oneChange", "staging"] }), /^no release begins/);
      refuses(said({ freeze, staging, exception }), /^frappe:release\.proof is missing/);
    });

    it("holds for its own release alone, until its end, which is not far", () => {
      refuses(
        other({ release: "ffffffffff" }),
        /; frappe:release\.exception is for release ffffffffff, and this one is/,
      );
      refuses(other({ until: "2026-11-20T13:00Z" }), /; frappe:release\.exception ended at 2026-11-20T13:00Z$/);
      assert.deepEqual(other({ until: "2026-11-20T13:01Z" }), []);
      assert.deepEqual(other({ until: "2026-12-20T13:00Z" }), []);
      refuses(other({ until: "2026-12-20T13:01Z" }), /ends at 2026-12-20T13:01Z, and has to end within 30 days$/);
      refuses(other({ until: "never" }), /ended at never$/);
    });
  });
});
