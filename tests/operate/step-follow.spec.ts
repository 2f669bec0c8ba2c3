import assert from "node:assert/strict";
import { startJobServer, type JobServer } from "./job-server.ts";
import { does, event, held, jobName, release, run, template } from "./run-step.ts";

describe("a release step that is followed", () => {
  let server: JobServer;

  beforeEach(async () => void (server = await startJobServer(template())));
  afterEach(() => server.stop());

  describe("follows its Job", () => {
    it("over logs that break off, and reads no line twice and none never", async () => {
      const lines = Array.from({ length: 12 }, (_, index) => event(`line ${index}.`));
      server.onMade = () => server.log(...lines.slice(0, 3));
      let next = 3;
      const { code, progress } = await run(server, "backup", {
        seen: (progress) => {
          if (!progress.includes(`line ${next - 1}.`)) return;
          if (next === lines.length) return server.end("Complete");
          server.cut();
          server.log(...lines.slice(next, next + 3));
          next += 3;
        },
      });
      assert.equal(code, 0);
      const read = progress.match(/line \d+\./g);
      assert.deepEqual(
        read,
        lines.map((_, index) => `line ${index}.`),
      );
      assert.deepEqual(server.readFrom.toSorted(), server.readFrom, "each reading goes on where the last one ended");
      assert.notEqual(server.readFrom.at(-1), "");
    });

    it("over a connection that is dead and does not say so", async () => {
      server.fail("GET log", "silent");
      does(server, event("dumped"));
      assert.match((await run(server, "backup")).progress, /dumped/);
    });

    it("over one that falls silent for ever while the Job runs", async () => {
      server.fail("GET log", "silent", "silent");
      server.onMade = () => server.log(event("dumped"));
      const { code } = await run(server, "backup", {
        seen: (progress) => progress.includes("dumped") && server.end("Complete"),
      });
      assert.equal(code, 0);
    });

    it("for as long as the API server has too much to do", async () => {
      server.fail("GET pods", ...Array.from({ length: 20 }, () => 429));
      does(server, event("dumped"));
      assert.equal((await run(server, "backup")).code, 0);
    });

    it("to the pod that takes the place of a lost one", async () => {
      server.onMade = () => server.log(event("first pod"));
      let moved = false;
      const { code, progress } = await run(server, "backup", {
        seen: (progress) => {
          if (moved || !progress.includes("first pod")) return;
          moved = true;
          server.nextPod();
          server.log(event("second pod"));
          server.end("Complete");
        },
      });
      assert.equal(code, 0);
      assert.match(progress, /first pod\n.*second pod/);
    });

    it("through any of the API server's moods", async () => {
      server.fail("GET pods", 500, "cut", 429);
      server.fail("GET log", 500, "cut", 404);
      server.onMade = () => server.fail("GET job", 503, "silent", "cut");
      let ended = false;
      const { code } = await run(server, "backup", {
        seen: (progress) => {
          if (ended || !progress.includes("dumped")) return;
          ended = true;
          server.end("Complete");
        },
        ...(server.log(event("dumped")), {}),
      });
      assert.equal(code, 0);
    });

    it("and says so when it is deleted under it", async () => {
      server.onMade = () => server.log(event("dumped"));
      const { refused } = await run(server, "backup", {
        seen: (progress) => {
          if (!progress.includes("dumped")) return;
          server.jobs.clear();
          server.cut();
        },
      });
      assert.match(refused ?? "", /the Job release-0123456789-backup-1 was deleted before it ended/);
    });
  });

  describe("migrate", () => {
    it("is done as soon as its Job holds, while that goes on", async () => {
      server.onMade = () => server.log(event("migrated", { site: "a.example.com" }), held);
      const { code, output } = await run(server, "migrate");
      assert.equal(code, 0);
      assert.equal(output, `{"release":"${release}","step":"migrate","state":"migrated"}\n`);
      assert.equal(server.jobs.has(jobName("migrate")), true);
    });

    it("finds a Job that holds already", async () => {
      server.add(jobName("migrate"));
      server.log(held, event("waits", { left: 300 }));
      assert.match((await run(server, "migrate")).output, /"state":"migrated"/);
    });

    it("is not done by a Job that has held, and goes back by now", async () => {
      server.add(jobName("migrate"));
      server.log(
        held,
        event("late", { level: "error", cause: "nobody came" }),
        event("back", { state: "rolling_back" }),
      );
      let ended = false;
      const { code, output, progress } = await run(server, "migrate", {
        seen: (progress) => {
          if (ended || !progress.includes("rolling_back")) return;
          ended = true;
          // Long enough to be taken for one that holds.
          setTimeout(() => {
            server.log(event("back", { state: "rolled_back" }));
            server.end("Failed");
          }, 100);
        },
      });
      assert.equal(code, 1);
      assert.equal(output, "");
      assert.match(progress, /FAILED: migrate .*late: cause nobody came\nevery site was put back and is open/);
    });

    it("is not done by a Job that has held and failed", async () => {
      server.add(jobName("migrate"));
      server.log(held);
      const fails = () => server.end("Failed", { reason: "BackoffLimitExceeded", message: "no more" });
      fails();
      // It is run again, and what it does then counts.
      server.onMade = fails;
      const { code, progress } = await run(server, "migrate");
      assert.equal(code, 1);
      assert.match(progress, /BackoffLimitExceeded: no more/);
      assert.match(progress, /npm run releases -- <stack> show 0123456789/);
    });

    it("is not done by a Job that fails at the very moment", async () => {
      server.add(jobName("migrate"));
      server.log(held);
      // From the second question on, it has failed.
      const first = server.jobs.get(jobName("migrate"));
      server.end("Failed");
      server.pod({ phase: "Running" });
      server.answerOnce("GET job", first, first);
      assert.equal((await run(server, "migrate")).code, 1);
    });

    it("alone takes `held` for its end", async () => {
      server.onMade = () => {
        server.log(held);
        setTimeout(() => server.end("Failed"), 50);
      };
      assert.equal((await run(server, "verify")).code, 1);
    });

    it("tells whom to call when sites could not be put back", async () => {
      server.onMade = () => {
        server.log(event("stuck", { level: "error", cause: "disk full", state: "needs_human" }));
        server.end("Failed");
      };
      assert.match(
        (await run(server, "migrate")).progress,
        /stuck: cause disk full.*\nwrites stay closed, and nothing was deleted/,
      );
    });
  });

  describe("that is interrupted", () => {
    it("leaves the Job running and says how to follow it", async () => {
      const stop = new AbortController();
      server.onMade = () => server.log(event("dumping"));
      const { refused } = await run(server, "backup", {
        stop,
        seen: (progress) => progress.includes("dumping") && stop.abort(),
      });
      assert.match(
        refused ?? "",
        /interrupted; the Job release-0123456789-backup-1 goes on.*kubectl -n frappe logs -f job/,
      );
      assert.equal(server.jobs.has(jobName("backup")), true);
      assert.equal(server.asked.includes("DELETE job"), false);
    });

    it("does so while the API server is away, too", async () => {
      const stop = new AbortController();
      server.fail("GET job", ...Array.from({ length: 1000 }, () => 500));
      setTimeout(() => stop.abort(), 50);
      assert.match((await run(server, "backup", { stop })).refused ?? "", /interrupted; the Job/);
    });
  });
});
