import { exceptionEndsAt } from "../../policies/exception-ends.ts";
import { assertSaid, judge, unknownText } from "./judged.ts";
import { manifest } from "./release-samples.ts";
import type { Loose } from "./samples.ts";

const rule = exceptionEndsAt(() => Date.parse("2026-11-20T12:00:00Z"));
const said = (until: unknown) =>
  judge(
    rule,
    manifest((facts) => (facts.gates = { oneChange: true, exception: { release: "1", gates: ["freeze"], until } })),
  );

describe("frappe-exception-ends", () => {
  it("takes an exception of thirty days, one that is over, and a release without one", () => {
    for (const until of ["2026-12-20T12:00Z", "2026-11-20T12:00Z", "2020-01-01T00:00Z"]) assertSaid(said(until));
    assertSaid(judge(rule, manifest()));
  });

  it("refuses one that ends a minute later, and says what to set", () => {
    assertSaid(
      said("2026-12-20T12:01Z"),
      /^the exception ends at 2026-12-20T12:01Z, more than 30 days ahead\. Set frappe:release\.exception\.until/,
    );
    assertSaid(said("2999-01-01T00:00Z"), /more than 30 days ahead/);
  });

  it("refuses one without an end, or with one that is no date", () => {
    for (const until of [undefined, null, "", "never", 20261220]) assertSaid(said(until), /^the exception has no end/);
  });

  it("refuses facts that a preview does not know", () => {
    const given = manifest() as Loose;
    given.props.data["release.json"] = unknownText;
    assertSaid(judge(rule, given), /^release\.json is not known in a preview/);
  });
});
