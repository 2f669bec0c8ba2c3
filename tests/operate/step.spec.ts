import assert from "node:assert/strict";
import { labels } from "../../constants/labels.ts";
import { startJobServer, type JobServer } from "./job-server.ts";
import { does, event, input, jobName, release, run, template } from "./run-step.ts";

describe("a release step", () => {
  let server: JobServer;

  beforeEach(async () => void (server = await startJobServer(template())));
  afterEach(() => server.stop());

  describe("submits its Job", () => {
    it("under a name that says release, step and attempt, with the verb and whoever asks", async () => {
      does(server, event("checked", { sites: 2, state: "prepared" }));
      const { code, output, progress } = await run(server, "prepare");
      assert.equal(code, 0);
      assert.equal(output, `{"release":"${release}","step":"prepare","state":"prepared"}\n`);
      assert.match(
        progress,
        /started the Job release-0123456789-prepare-1; it goes on without this command: kubectl -n frappe/,
      );
      assert.match(progress, /03:04:05 checked: sites 2/);
      const [job] = server.made;
      assert.equal(job?.metadata?.name, jobName("prepare"));
      assert.deepEqual(job.spec?.template.spec?.containers[0]?.command, [
        "node",
        "/release/release.cjs",
        "prepare",
        "--by",
        "ada",
      ]);
      assert.equal(job.metadata.annotations?.["frappe-platform/started-by"], "ada");
      assert.equal(job.spec.backoffLimit, 3);
    });

    it("says the state that its log names last", async () => {
      does(
        server,
        event("nothing to do", { state: "prepared" }),
        event("stands", { state: "confirmed" }),
        event("done"),
      );
      assert.match((await run(server, "verify")).output, /"state":"confirmed"/);
    });

    it("takes no release for done that went back, however its Job ended", async () => {
      does(server, event("step done", { state: "rolled_back" }));
      const { code, output, progress } = await run(server, "backup");
      assert.equal(code, 1);
      assert.equal(output, "");
      assert.match(progress, /FAILED: backup .*: the release is rolled_back\nevery site was put back/);
    });

    it("hands on what the runner says to people as it stands", async () => {
      does(server, event("progress", { step: "migrate", line: "a.example.com: sealed" }));
      assert.match((await run(server, "migrate")).progress, /\n03:04:05 a.example.com: sealed\n/);
    });

    it("says the state that it leads to when its log names none", async () => {
      does(server, "no line of ours");
      assert.match((await run(server, "verify")).output, /"state":"verified"/);
    });

    it("hands no line on that is longer than Pulumi takes", async () => {
      does(server, event("much", { text: "x".repeat(100_000) }), event("more"));
      const { progress } = await run(server, "backup");
      assert.ok(progress.split("\n").every((line) => line.length < 4096));
      assert.match(progress, /x…\n.*more/);
    });

    it("goes on with the one that was made when the answer to that was lost", async () => {
      server.fail("POST jobs", "done, then cut");
      does(server, event("checked"));
      assert.equal((await run(server, "prepare")).code, 0);
      assert.equal(server.made.length, 1);
    });

    it("asks again when the API server has too much to do, is away, or counts a quota", async () => {
      server.fail("GET job", 429, 500, "cut", "silent");
      server.fail("POST jobs", 429, 409, 503);
      server.fail("GET cronjob", "cut");
      does(server, event("checked"));
      assert.equal((await run(server, "prepare")).code, 0);
      assert.equal(server.made.length, 1);
    });

    it("stops asking a server that refuses it", async () => {
      server.fail("POST jobs", ...Array.from({ length: 20 }, () => 403));
      const { refused } = await run(server, "prepare");
      assert.match(refused ?? "", /answered 403/);
      assert.equal(server.asked.filter((each) => each === "POST jobs").length, 5);
    });

    it("does not start another release's Job", async () => {
      await server.stop();
      server = await startJobServer(template({ [labels.release]: "9999999999" }));
      const { refused } = await run(server, "migrate");
      assert.match(
        refused ?? "",
        /CronJob release in frappe of staging is for the release 9999999999, not for 0123456789/,
      );
      assert.deepEqual(server.made, []);
    });
  });

  describe("finds its Job there", () => {
    it("and follows it to its end when it runs", async () => {
      server.add(jobName("backup"));
      server.log(event("dumped"));
      let told = false;
      const { code, progress } = await run(server, "backup", {
        seen: (progress) => {
          if (told || !progress.includes("dumped")) return;
          told = true;
          server.log(event("compared"));
          server.end("Complete");
        },
      });
      assert.equal(code, 0);
      assert.deepEqual(server.made, []);
      assert.match(progress, /following the Job release-0123456789-backup-1, which was there/);
      assert.equal(progress.match(/dumped/g)?.length, 1);
      assert.match(progress, /compared/);
    });

    it("and runs it once more when it has ended well, since the ledger may say otherwise by now", async () => {
      server.add(jobName("prepare"));
      server.end("Complete");
      does(server, event("step done", { state: "confirmed" }));
      const { code, output, progress } = await run(server, "prepare");
      assert.equal(code, 0);
      assert.match(progress, /prepare was done before; it is run again/);
      assert.match(output, /"state":"confirmed"/);
      assert.equal(server.made.length, 1);
    });

    it("and runs it once more when it has failed, since the ledger knows whether it may go on", async () => {
      server.add(jobName("backup"));
      server.end("Failed", { reason: "BackoffLimitExceeded", message: "evicted" });
      const refused = { level: "error", event: "failed", cause: "release 0123456789 is aborted", state: "aborted" };
      does(server, JSON.stringify(refused), "Failed");
      const { code, output, progress } = await run(server, "backup");
      assert.equal(code, 1);
      assert.equal(output, "");
      assert.match(progress, /backup failed \(BackoffLimitExceeded: evicted\) before; it is run again/);
      assert.match(
        progress,
        /FAILED: backup of release 0123456789, in frappe of staging: failed: cause release .* is aborted/,
      );
      assert.match(progress, /put the cause right and raise frappe:release.attempt, or put the stack file back/);
      assert.equal(server.made.length, 1);
    });

    it("and waits for its end when it is being deleted, then makes another", async () => {
      server.add(jobName("prepare"), { metadata: { deletionTimestamp: new Date() } });
      const looks = () => server.asked.filter((each) => each === "GET job").length;
      const late = setInterval(() => looks() > 3 && server.jobs.delete(jobName("prepare")) && clearInterval(late), 1);
      does(server, event("checked"));
      assert.equal((await run(server, "prepare")).code, 0);
      assert.equal(server.made.length, 1);
    });
  });

  const refusals: readonly (readonly [what: string, step: string, given: string, says: RegExp])[] = [
    ["an unknown step", "migrat", input(), /expected one step, got migrat/],
    [
      "what is no JSON, without quoting it",
      "prepare",
      "hunter2",
      /^could not read what is released from stdin: it is no JSON\n/,
    ],
    ["a release id that is no name", "prepare", input({ release: "a b" }), /^release: expected lower-case letters/],
    ["an attempt of none", "prepare", input({ attempt: 0 }), /^attempt: /],
    ["more than it asks for, by name only", "prepare", input({ password: "hunter2" }), /password/],
    ["a release id that is too long", "prepare", input({ release: "a".repeat(50) }), /at most 63 characters/],
    ["an unknown context", "prepare", input({ context: "elsewhere" }), /no context elsewhere .*it has staging/],
    ["an unknown template", "prepare", input({ template: "releas" }), /no CronJob releas in the namespace frappe/],
  ];
  for (const [what, step, given, says] of refusals) {
    it(`refuses ${what}`, async () => {
      const { refused } = await run(server, step, { given });
      assert.match(refused ?? "", says);
      assert.doesNotMatch(refused ?? "", /hunter2/);
      assert.deepEqual(server.made, []);
    });
  }
});
