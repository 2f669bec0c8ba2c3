import { stagingBeforeProdAt } from "../../policies/staging-before-prod.ts";
import { assertSaid, judge, unknownObject, unknownText } from "./judged.ts";
import { manifest } from "./release-samples.ts";
import { digest, type Loose, object } from "./samples.ts";

const rule = stagingBeforeProdAt(() => Date.parse("2026-11-20T12:00:00Z"));
const remedy = String.raw`\. A way back to an image that stood here takes the proof that it came with\. Or let this one release pass by frappe:release\.exception with its id`;

const proof = {
  bench: "frappe-staging",
  release: "9988776655",
  digest,
  apps: { frappe: "16.31.0" },
  confirmedAt: "2026-11-19T12:00:00Z",
};
const exception = { release: "0a1b2c3d4e", gates: ["staging"], reason: "r", by: "ada", until: "2026-11-01T00:00Z" };

const said = (change: (facts: Loose) => void) =>
  judge(
    rule,
    manifest((facts) => {
      facts.gates = { oneChange: true, staging: { bench: "frappe-staging", hours: 24 }, proof: structuredClone(proof) };
      change(facts);
    }),
  );

describe("frappe-staging-before-prod", () => {
  it("takes an image that has stood there for as long as is asked, and no second less", () => {
    assertSaid(said(() => {}));
    assertSaid(
      said((facts) => (facts.gates.proof.confirmedAt = "2026-11-19T12:00:01Z")),
      new RegExp(`^release 9988776655 has stood on frappe-staging since .*: wait until 2026-11-20T12:00Z${remedy}`),
    );
  });

  it("asks nothing of a stack that does not ask, of one that goes back, and of what is no manifest", () => {
    assertSaid(said((facts) => (facts.gates = { oneChange: true })));
    assertSaid(said((facts) => delete facts.gates));
    assertSaid(
      said((facts) => {
        facts.rollbackTo = "1111111111";
        delete facts.gates.proof;
      }),
    );
    assertSaid(judge(rule, object("core/v1:ConfigMap", { data: { "release.json": "{" } })));
  });

  it("takes code that stood before back with the proof it came with, however old, and not without: it knows no ledger", () => {
    const back = (change: (facts: Loose) => void) =>
      said((facts) => {
        facts.strategy = "rolling";
        facts.gates.proof.confirmedAt = "2024-01-01T00:00Z";
        change(facts);
      });
    assertSaid(back(() => {}));
    assertSaid(
      back((facts) => delete facts.gates.proof),
      new RegExp(`^frappe:release\\.proof is missing: .*${remedy}`),
    );
  });

  it("refuses an image without a proof, and one with that of another image, of other apps or another bench", () => {
    assertSaid(
      said((facts) => delete facts.gates.proof),
      new RegExp(`^frappe:release\\.proof is missing: .*${remedy}`),
    );
    assertSaid(
      said((facts) => (facts.gates.proof.digest = `sha256:${"0".repeat(64)}`)),
      /^frappe:release\.proof is of sha256:000/,
    );
    assertSaid(
      said((facts) => (facts.gates.proof.apps.frappe = "16.30.0")),
      /is of the apps frappe 16\.30\.0, and frappe:image\.apps are frappe 16\.31\.0/,
    );
    assertSaid(
      said((facts) => (facts.gates.proof.bench = "frappe-dev")),
      /is of frappe-dev, and frappe-staging is asked for/,
    );
  });

  it("does not take half a proof for one", () => {
    for (const key of Object.keys(proof).filter((each) => each !== "release")) {
      assertSaid(
        said((facts) => delete facts.gates.proof[key]),
        /^frappe:release\.proof /,
      );
    }
    assertSaid(
      said((facts) => delete facts.image),
      /^frappe:release\.proof is of sha256/,
    );
  });

  it("lets the release of an exception pass, also when that is over: the release has begun, and stands", () => {
    const without = (change: (given: Loose) => void) =>
      said((facts) => {
        delete facts.gates.proof;
        facts.gates.exception = structuredClone(exception);
        change(facts.gates.exception);
      });
    assertSaid(without(() => {}));
    assertSaid(
      without((given) => (given.release = "ffffffffff")),
      /is missing/,
    );
    assertSaid(
      without((given) => (given.gates = ["freeze"])),
      /is missing/,
    );
  });

  it("takes facts that a preview does not know, or that are none, for no proof", () => {
    const written = (data: unknown) => {
      const given = manifest() as Loose;
      given.props.data = data;
      return judge(rule, given);
    };
    assertSaid(written({ "release.json": unknownText }), /^release\.json is not known in a preview/);
    assertSaid(written(unknownObject), /^release\.json is not known in a preview/);
    for (const text of ["{", "[]", "null", '"text"', "{}"]) {
      assertSaid(written({ "release.json": text }), /^release\.json: expected the facts of a release as JSON/);
    }
    assertSaid(written({}), /expected the facts of a release/);
  });
});
