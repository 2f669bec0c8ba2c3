import assert from "node:assert/strict";
import type { V1CronJob, V1Job } from "@kubernetes/client-node";
import type { CheckOutcome } from "../../constants/checks.ts";
import { labels, partOf } from "../../constants/labels.ts";
import { type JobServer, startJobServer } from "./job-server.ts";
import { event, input, jobName, release, run, template } from "./run-step.ts";

const ofCheck = { [labels.component]: "check", [labels.partOf]: partOf };
const checkJob = (name: string) => `check-${name}-${release}-1`;
const checkTemplate = (name: string, of = release): V1CronJob => ({
  metadata: { name: `check-${name}` },
  spec: {
    schedule: "0 0 1 1 *",
    suspend: true,
    jobTemplate: {
      metadata: { labels: { ...ofCheck, [labels.release]: of } },
      // An image's own program: no command.
      spec: { backoffLimit: 0, template: { spec: { containers: [{ name: "check", image: "tests" }] } } },
    },
  },
});

const asks = (...checks: { name: string; limit: number }[]) => event("checks", { release, checks });
const verified = event("release", { release, state: "verified" });

describe("the checks that a step asks for", () => {
  let server: JobServer;
  /** What happens to each Job, by its name; the step's own by how often it was made. */
  let does: Record<string, () => void>;
  const made = () => server.made.map(({ metadata }) => metadata?.name);
  const wordsOf = (job: V1Job | undefined) => job?.spec?.template.spec?.containers[0]?.command ?? [];
  const told = () => {
    const [verb, by, who, flag, word = ""] = wordsOf(server.made.at(-1)).slice(2);
    assert.deepEqual([verb, by, who, flag], ["verify", "--by", "ada", "--checked"]);
    return JSON.parse(word) as readonly CheckOutcome[];
  };
  const ends = (how: "Complete" | "Failed", ...lines: string[]) => {
    server.log(...lines);
    server.end(how, how === "Failed" ? { reason: "BackoffLimitExceeded", message: "it has failed" } : undefined);
  };
  const broken = (exitCode: number) => ({
    phase: "Failed",
    initContainerStatuses: [stateOf("web", { terminated: { exitCode: 143 } })],
    containerStatuses: [stateOf("check", { terminated: { exitCode, reason: "Error" } })],
  });
  const stateOf = (name: string, state: object) => ({
    ...{ name, state, image: "", imageID: "", ready: false, restartCount: 0 },
  });

  beforeEach(async () => {
    server = await startJobServer(
      template(),
      checkTemplate("browser"),
      checkTemplate("rights"),
      checkTemplate("old", "f"),
    );
    let verifies = 0;
    does = { again: () => ends("Complete", verified) };
    server.onMade = () => {
      const name = made().at(-1) ?? "";
      server.nextPod();
      server.pod({ phase: "Running" });
      const which = name === jobName("verify") ? ["first", "again"][verifies++] : name.split("-")[1];
      does[which ?? ""]?.();
    };
  });
  afterEach(() => server.stop());

  it("are made one after the other, each from its own template, and the step is run again with what they came to", async () => {
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }, { name: "rights", limit: 60 }));
    does["browser"] = () => ends("Complete", "3 passed");
    does["rights"] = () => {
      ends("Failed", "1 failed");
      server.pod(broken(2));
    };
    const { code, output, progress } = await run(server, "verify");
    assert.equal(code, 0, progress);
    assert.match(output, /"state":"verified"/);
    assert.deepEqual(made(), [jobName("verify"), checkJob("browser"), checkJob("rights"), jobName("verify")]);
    const [browser, rights, ...more] = told();
    assert.deepEqual(more, []);
    assert.deepEqual({ ...browser, seconds: 0 }, { name: "browser", ok: true, seconds: 0 });
    assert.equal(rights?.ok, false);
    assert.match(
      rights?.problem ?? "",
      /^its program failed: BackoffLimitExceeded: it has failed; check ended with 2: Error$/,
    );
    assert.match(progress, /browser \| 3 passed\n/);
    assert.match(progress, /rights \| 1 failed\n/);
    assert.deepEqual(wordsOf(server.made[1]), [], "the image's own program is what runs");
    assert.deepEqual(wordsOf(server.made[0]).slice(2), ["verify", "--by", "ada"]);
  });

  it("have failed where their pod cannot start, with the cause, and their Job is taken back", async () => {
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }));
    does["browser"] = () =>
      server.pod({
        phase: "Pending",
        containerStatuses: [
          stateOf("check", { waiting: { reason: "ImagePullBackOff", message: "$(NAME) is unknown" } }),
        ],
      });
    const { code, progress } = await run(server, "verify");
    assert.equal(code, 0, progress);
    assert.match(told()[0]?.problem ?? "", /has not started in .*ImagePullBackOff \$\(NAME\) is unknown/);
    assert.doesNotMatch(wordsOf(server.made.at(-1)).at(-1) ?? "", /\$/, "Kubernetes would put a variable in");
    assert.equal(server.jobs.has(checkJob("browser")), false);
  });

  it("have failed when their time is up, and their Job is taken back", async () => {
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 1 }));
    does["browser"] = () => server.log("begins");
    const { code, progress } = await run(server, "verify");
    assert.equal(code, 0, progress);
    assert.equal(told()[0]?.problem, "it was ended at its time limit of 1 s");
    assert.equal(server.jobs.has(checkJob("browser")), false);
  });

  for (const [why, name, says] of [
    ["no template", "nobody", /no CronJob check-nobody/],
    [
      "another release's template",
      "old",
      /expected the CronJob check-old to be for the release 0123456789, got one for f/,
    ],
  ] as const) {
    it(`have failed where there is ${why}`, async () => {
      does["first"] = () => ends("Failed", asks({ name, limit: 60 }));
      const { code, progress } = await run(server, "verify");
      assert.equal(code, 0, progress);
      assert.match(told()[0]?.problem ?? "", says);
      assert.deepEqual(made(), [jobName("verify"), jobName("verify")]);
    });
  }

  it("are told in few words, whatever their cause", async () => {
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }));
    does["browser"] = () => server.end("Failed", { reason: "Error", message: "long\n".repeat(5_000) });
    assert.equal((await run(server, "verify")).code, 0);
    assert.equal(told()[0]?.problem?.length, 300);
  });

  it("take the release back when the step says so, having heard them", async () => {
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }));
    does["browser"] = () => ends("Failed");
    does["again"] = () =>
      ends(
        "Failed",
        event("failed", { level: "error", cause: "check browser failed: it says so" }),
        event("release", { state: "rolled_back" }),
      );
    const { code, output, progress } = await run(server, "verify");
    assert.deepEqual([code, output], [1, ""]);
    assert.match(progress, /FAILED: verify .*check browser failed: it says so/);
  });

  it("are not made for ever: a step that asks again has failed", async () => {
    does["first"] = does["again"] = () => ends("Failed", asks({ name: "browser", limit: 60 }));
    does["browser"] = () => ends("Complete");
    const { code, progress } = await run(server, "verify");
    assert.equal(code, 1);
    assert.match(progress, /it has asked for its checks again/);
  });

  it("are not made for a step that has failed for another cause", async () => {
    const failed = event("failed", { level: "error", cause: "overtaken" });
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }), failed);
    const { code, progress } = await run(server, "verify");
    assert.equal(code, 1);
    assert.match(progress, /FAILED: verify .*overtaken/);
    assert.deepEqual(made(), [jobName("verify")]);
  });

  it("are missed by nobody: where the log was lost, the step has failed", async () => {
    does["first"] = () => ends("Failed");
    const { code, output } = await run(server, "verify");
    assert.deepEqual([code, output, made()], [1, "", [jobName("verify")]]);
  });

  for (const odd of [[{ name: "../x", limit: 60 }], [{ name: "browser", limit: "60" }], "browser", []]) {
    it(`are not made, and the step has failed, where what is asked for is ${JSON.stringify(odd)}`, async () => {
      does["first"] = () => ends("Failed", event("checks", { release, checks: odd }));
      assert.equal((await run(server, "verify")).code, 1);
      assert.deepEqual(made(), [jobName("verify")]);
    });
  }

  it("leave no Job behind when whoever follows is asked to end", async () => {
    const stop = new AbortController();
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }));
    does["browser"] = () => server.log("begins");
    const seen = (progress: string) => progress.includes("browser | begins") && stop.abort();
    const { refused } = await run(server, "verify", { stop, seen: (progress) => void seen(progress) });
    assert.match(refused ?? "", /^interrupted; the next `pulumi up` makes its checks again/);
    assert.equal(server.jobs.has(checkJob("browser")), false);
  });

  it("that a killed follower has left are taken back before the step is looked at, and made anew", async () => {
    const labelled = { metadata: { labels: ofCheck } };
    server.add(checkJob("browser"), labelled);
    server.add("check-other-fedcba9876-1", labelled);
    does["first"] = () => {
      assert.deepEqual([...server.jobs.keys()], [jobName("verify")]);
      ends("Failed", asks({ name: "browser", limit: 60 }));
    };
    does["browser"] = () => ends("Complete");
    assert.equal((await run(server, "verify", { given: input() })).code, 0);
    assert.deepEqual(made(), [jobName("verify"), checkJob("browser"), jobName("verify")]);
  });

  describe("that are being deleted", () => {
    const going = { metadata: { labels: ofCheck, deletionTimestamp: new Date() } };

    it("are waited for until their pods have ended, before the step is looked at", async () => {
      server.add(checkJob("browser"), going);
      const looks = () => server.asked.filter((each) => each === "GET jobs").length;
      const gone = setInterval(() => looks() > 3 && server.jobs.delete(checkJob("browser")), 1);
      does["first"] = () => {
        assert.deepEqual([...server.jobs.keys()], [jobName("verify")]);
        ends("Complete", verified);
      };
      try {
        assert.equal((await run(server, "verify")).code, 0);
      } finally {
        clearInterval(gone);
      }
      assert.ok(looks() > 3, `${looks()} looks`);
    });

    it("and do not go are named with what ends them, and the step goes on without", async () => {
      server.add("check-other-fedcba9876-1", going);
      does["first"] = () => ends("Complete", verified);
      const { code, progress } = await run(server, "verify");
      assert.equal(code, 0, progress);
      assert.match(progress, /check-other-fedcba9876-1: deleted, and does not go.*kubectl .* delete pod .*--force/);
    });
  });

  it("leave alone what bears their name for a component, and is of somebody else", async () => {
    server.add("check-of-theirs", { metadata: { labels: { [labels.component]: "check" } } });
    does["first"] = () => ends("Complete", verified);
    assert.equal((await run(server, "verify")).code, 0);
    assert.ok(server.jobs.has("check-of-theirs"));
  });

  it("tell the release nothing where somebody takes their Job back, and say what to do", async () => {
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }));
    does["browser"] = () => server.log("begins");
    const seen = (progress: string) => progress.includes("browser | begins") && server.jobs.delete(checkJob("browser"));
    const { refused } = await run(server, "verify", { seen: (progress) => void seen(progress) });
    assert.match(
      refused ?? "",
      /check-browser-\w+-1 was deleted before it ended, by a person or by another `pulumi up`; the release was told nothing/,
    );
    assert.deepEqual(made(), [jobName("verify"), checkJob("browser")]);
  });

  it("have failed where the API server refuses their Job, so that writes do not stay closed for that", async () => {
    does["first"] = () => {
      ends("Failed", asks({ name: "browser", limit: 60 }));
      server.fail("POST jobs", 403, 403, 403, 403, 403);
    };
    const { code, progress } = await run(server, "verify");
    assert.equal(code, 0, progress);
    assert.match(told()[0]?.problem ?? "", /the API server answered 403/);
  });

  it("wait for a node that is still to come, longer than for what will not get better", async () => {
    const message = "0/3 nodes are available: 3 Insufficient memory";
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }));
    does["browser"] = () =>
      server.pod({
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
      });
    const { code, progress } = await run(server, "verify");
    assert.equal(code, 0, progress);
    assert.match(told()[0]?.problem ?? "", /has not started in 0.15 seconds: Unschedulable: 0\/3 nodes/);
  });

  it("of another follower are left to it when this one is asked to end", async () => {
    const stop = new AbortController();
    const theirs = "check-browser-fedcba9876-1";
    does["first"] = () => ends("Failed", asks({ name: "browser", limit: 60 }));
    does["browser"] = () => {
      server.add(theirs, { metadata: { labels: ofCheck } });
      server.log("begins");
    };
    const seen = (progress: string) => progress.includes("browser | begins") && stop.abort();
    await run(server, "verify", { stop, seen: (progress) => void seen(progress) });
    assert.deepEqual([server.jobs.has(theirs), server.jobs.has(checkJob("browser"))], [true, false]);
  });
});
