import assert from "node:assert/strict";
import type { ReleaseJob } from "../../release/job.ts";
import type { ServicePlan } from "../../topology/types.ts";
import { areShared, declaredRules, leadToSets, sharedRules } from "../../topology/route.ts";
import { benchFilesOf, planOf } from "../support/record-stack.ts";
import type { Change, StackName } from "../support/stacks.ts";

const stages = [
  { weight: 10, minutes: 5 },
  { weight: 60, minutes: 10 },
];
const canary: Change = (values) =>
  (values["release"] = { ...values["release"], strategy: "canary", canary: { stages } });
const jobOf = (stack: StackName, change?: Change): ReleaseJob => {
  const files = planOf(stack, change).steps.files.find(({ name }) => name === "release-job")?.files ?? {};
  return JSON.parse(files["job.json"] ?? "null") as ReleaseJob;
};
const portsOf = ({ ports }: ServicePlan) => ports.map(({ port }) => port);

describe("topology: a canary", () => {
  const plain = planOf("prod");
  const tried = planOf("prod", canary);
  const nginxOf = ({ bench, release }: typeof plain) =>
    bench.releaseServices.find(({ name }) => name === `nginx-${release.id}`) ?? assert.fail("no Service of its own");
  const webOf = ({ bench }: typeof plain) =>
    bench.workloads.find(({ name }) => name === "web")?.containers[0]?.command ?? [];

  it("is the same release as without: the strategy is no reason to release", () => {
    assert.equal(tried.release.id, plain.release.id);
    assert.equal(tried.release.strategy, "canary");
  });

  it("takes requests of the edge at an address of its own, which no other new set does", () => {
    assert.deepEqual(portsOf(nginxOf(tried)), [8080, 8082]);
    assert.deepEqual(portsOf(nginxOf(plain)), [8082]);
  });

  it("has its web ended by its guard; that of others is let go on", () => {
    assert.deepEqual(webOf(tried).slice(0, 3), ["node", webOf(tried)[1] ?? "", "run"]);
    assert.equal(webOf(plain)[0], "/bin/sh");
  });

  it("is found by every set behind a Gateway, by a name that leads to the newest set", () => {
    for (const { bench } of [plain, tried]) {
      const service = bench.newestService ?? assert.fail("no Service");
      assert.deepEqual([service.name, service.scope, portsOf(service)], ["nginx-canary", "release", [8083]]);
      assert.ok(portsOf(bench.edgeService).includes(8083));
    }
    assert.match(
      benchFilesOf(plain)["nginx.conf"] ?? "",
      /upstream neighbours \{\n {4}server nginx-canary:8083 max_fails=0;\n {2}\}/,
    );
    const { bench } = planOf("dev");
    assert.equal(bench.newestService, undefined, "no canary stands behind an Ingress");
    assert.doesNotMatch(benchFilesOf(planOf("dev"))["nginx.conf"] ?? "", /neighbours|nginx-canary/);
  });

  it("tells the runner its stages in seconds, what it is judged by, and whom to ask", () => {
    assert.equal(jobOf("prod").canary, undefined);
    assert.deepEqual(jobOf("prod", canary).canary, {
      prometheus: "http://prometheus:9090",
      stages: [
        { weight: 10, seconds: 300 },
        { weight: 60, seconds: 600 },
      ],
      ...{ maxErrorShare: 1, maxSlowdown: 1.5, minRequests: 20 },
    });
  });

  it("has as much more time as its stages take, and their shares to come into force", () => {
    const [before, after] = [jobOf("prod").limits, jobOf("prod", canary).limits];
    const more = 300 + 600 + 2 * 300;
    assert.deepEqual([after.hold - before.hold, after.whole - before.whole], [more, more]);
    assert.equal(tried.stepTimeout - plain.stepTimeout, more);
    const limit = ({ steps }: typeof plain) => steps.scheduled[0]?.timeLimit ?? 0;
    assert.equal(limit(tried) - limit(plain), more);
  });
});

describe("topology: the routes of a canary", () => {
  const declared = declaredRules("nginx");

  it("share requests out by percent, and leave realtime where its client began", () => {
    const [realtime, rest] = sharedRules("0123456789", 30);
    assert.deepEqual(
      rest?.backendRefs.map(({ name, port, weight }) => [name, port, weight]),
      [
        ["nginx", 8080, 70],
        ["nginx-0123456789", 8080, 30],
      ],
    );
    assert.deepEqual(realtime?.matches, [{ path: { type: "PathPrefix", value: "/socket.io" } }]);
    assert.deepEqual(
      realtime?.backendRefs.map(({ name }) => name),
      ["nginx"],
    );
    assert.deepEqual(sharedRules("0123456789", 0), declared);
  });

  it("are told from declared ones, and from those that lead elsewhere", () => {
    const shared = sharedRules("0123456789", 30);
    assert.deepEqual([areShared(declared), areShared(shared)], [false, true]);
    assert.deepEqual([leadToSets(declared), leadToSets(shared)], [true, true]);
    for (const name of ["maintenance", "nginx-canary", "nginx-old"]) {
      assert.equal(leadToSets(declaredRules(name)), false, name);
    }
    assert.equal(leadToSets([{}]), false, "a rule that redirects is somebody's");
  });
});
