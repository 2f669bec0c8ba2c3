import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEvents, type Step } from "../../review/events.ts";
import { summarise } from "../../review/summary.ts";

const stackType = "frappe:stack:FrappeStack";

const step = (op: string, name: string, room?: string): Step => {
  const chain = [stackType, ...(room === undefined ? [] : [`frappe:${room}:Room`]), "kubernetes:core/v1:Service"].join(
    "$",
  );
  return { op, urn: `urn:pulumi:test::frappe::${chain}::${name}`, type: "kubernetes:core/v1:Service" };
};

const text = (
  steps: Step[],
  more: Partial<Parameters<typeof summarise>[1]> = {},
  violations: Parameters<typeof summarise>[0]["violations"] = [],
) =>
  summarise({ steps, violations, judged: [] }, { stack: "prod", failed: false, offline: undefined, now: 0, ...more });

describe("summary of a preview's outcome", () => {
  it("counts operations, a replacement as one, and changes by the component they stand in", () => {
    const replaced = ["create-replacement", "replace", "delete-replaced"].map((op) => step(op, "web", "bench"));
    const shown = text([
      ...replaced,
      step("create", "db", "database"),
      step("update", "x", "bench"),
      step("same", "y", "edge"),
      step("delete", "z"),
    ]);
    assert.match(shown, /^ {2}operations create 1, delete 1, replace 1, same 1, update 1$/m);
    assert.match(shown, /^ {2}by room {4}bench 2, database 1, stack 1$/m);
  });

  it("says that nothing changes, and where there is nothing at all", () => {
    assert.match(text([step("same", "a", "bench"), step("same", "b", "edge")]), /^ {2}by room {4}nothing changes$/m);
    assert.match(text([]), /^ {2}operations none\n {2}by room {4}nothing changes$/m);
  });

  it("shows each policy violation with its level, rule and resource", () => {
    const violation = {
      policy: "no-latest",
      urn: step("create", "web", "bench").urn,
      message: "uses a tag",
      level: "mandatory",
    };
    const nowhere = { policy: "whole", urn: "", message: "is off", level: "advisory" };
    const shown = text([], {}, [violation, nowhere]);
    assert.match(shown, /^ {2}policy {5}mandatory no-latest: web: uses a tag$/m);
    assert.match(shown, /^ {2}policy {5}advisory whole: is off$/m);
  });

  it("says why no cluster was asked, and nothing of it where one was", () => {
    assert.match(
      text([], { offline: "as asked" }),
      /^ {2}offline {4}no cluster was asked \(as asked\): compared with an empty state/m,
    );
    assert.doesNotMatch(text([]), /offline/);
  });

  it("ends with the failure where there is one", () => {
    assert.match(
      text([step("create", "a")], { failed: true, offline: "as asked" }),
      /\n {2}FAILED {5}the preview did not end well; see above\n$/,
    );
    assert.doesNotMatch(text([]), /FAILED/);
  });
});

describe("events of a run", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "frappe-events-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const read = (log: string) => {
    writeFileSync(join(folder, "events.json"), log);
    return readEvents(join(folder, "events.json"));
  };

  it("are its steps and its violations, in their order; everything else is left out", () => {
    const { steps, violations } = read(
      [
        { sequence: 0, preludeEvent: { config: {} } },
        { sequence: 1, resourcePreEvent: { metadata: step("create", "a"), planning: true } },
        {
          sequence: 2,
          policyEvent: { policyName: "p", message: " broken\n", enforcementLevel: "advisory", color: "never" },
        },
        { sequence: 3, resOutputsEvent: { metadata: step("create", "a") } },
        { sequence: 4, resourcePreEvent: { metadata: step("same", "b") } },
      ]
        .map((event) => `${JSON.stringify(event)}\n`)
        .join(""),
    );
    assert.deepEqual(steps, [step("create", "a"), step("same", "b")]);
    assert.deepEqual(violations, [{ policy: "p", urn: "", message: "broken", level: "advisory" }]);
  });

  it("name each policy once that has judged a resource or the stack", () => {
    const judging = [
      { policyAnalyzeSummaryEvent: { passed: ["a"], failed: ["b"] } },
      { policyAnalyzeSummaryEvent: { passed: ["a", "b"] } },
      { policyAnalyzeStackSummaryEvent: { passed: ["c"] } },
      { policyRemediateSummaryEvent: { passed: ["d"] } },
    ];
    assert.deepEqual(read(judging.map((event) => `${JSON.stringify(event)}\n`).join("")).judged, ["a", "b", "c"]);
  });

  it("are none where the run ended before its first one", () => {
    const none = { steps: [], violations: [], judged: [] };
    assert.deepEqual(readEvents(join(folder, "no such file")), none);
    assert.deepEqual(read(""), none);
  });

  it("are those before a line that a killed run left half written", () => {
    const whole = JSON.stringify({ resourcePreEvent: { metadata: step("create", "a") } });
    assert.deepEqual(read(`${whole}\n${whole.slice(0, 40)}`).steps, [step("create", "a")]);
  });
});
