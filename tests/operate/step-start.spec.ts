import assert from "node:assert/strict";
import { startJobServer, type JobServer } from "./job-server.ts";
import { input, event, jobName, run, template } from "./run-step.ts";

describe("a release step", () => {
  let server: JobServer;

  beforeEach(async () => void (server = await startJobServer(template())));
  afterEach(() => server.stop());

  describe("whose pod cannot start", () => {
    const pending = (waiting: { reason: string; message?: string }) => ({
      phase: "Pending",
      containerStatuses: [
        { name: "release", image: "", imageID: "", ready: false, restartCount: 0, state: { waiting } },
      ],
    });
    const unplaced = {
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes have room" }],
    };
    const warning = (reason: string, message: string) => ({
      metadata: {},
      involvedObject: {},
      type: "Warning",
      reason,
      message,
    });

    it("says that its image is not to be had, and takes the Job back", async () => {
      server.pod(pending({ reason: "ImagePullBackOff", message: "no such image" }));
      const { refused, progress } = await run(server, "migrate");
      assert.equal(progress.match(/waiting for the pod: release: ImagePullBackOff no such image/g)?.length, 1);
      assert.match(
        refused ?? "",
        /has not started in 0.06 seconds: release: ImagePullBackOff no such image; nothing of it/,
      );
      assert.equal(server.jobs.size, 0);
    });

    it("says as much of a long cause as one reads", async () => {
      server.pod(pending({ reason: "ErrImagePull", message: "x".repeat(5000) }));
      const { refused } = await run(server, "migrate");
      assert.match(refused ?? "", /ErrImagePull x{300,400}…; nothing/);
    });

    it("says that no node has room for it", async () => {
      server.pod(unplaced);
      assert.match((await run(server, "migrate")).refused ?? "", /Unschedulable: 0\/3 nodes have room/);
    });

    it("says that a quota forbids it, where there is no pod at all", async () => {
      server.pod(undefined);
      let pods = 0;
      const { refused, progress } = await run(server, "migrate", {
        seen: () => {
          pods += 1;
          server.events.splice(0, 1, warning("FailedCreate", `"pod-${pods}" is forbidden: exceeded quota`));
        },
      });
      assert.match(refused ?? "", /FailedCreate: "pod-\d" is forbidden: exceeded quota/);
      assert.equal(progress.match(/exceeded quota/g)?.length, 1);
    });

    it("says that a volume cannot be mounted, where only an event tells", async () => {
      server.pod(pending({ reason: "ContainerCreating" }));
      server.events.push(warning("FailedMount", 'secret "release" not found'));
      assert.match((await run(server, "migrate")).refused ?? "", /FailedMount: secret "release" not found/);
    });

    it("waits longer where nothing speaks against it: big images take minutes", async () => {
      server.pod(pending({ reason: "ContainerCreating" }));
      server.events.push(warning("FailedMount", "cache is not ready"), {
        ...warning("Pulling", "an image"),
        type: "Normal",
      });
      const { refused } = await run(server, "migrate");
      assert.match(refused ?? "", /has not started in 0.15 seconds; nothing of it has run/);
    });

    it("does not take a probe that is not answered yet for what speaks against it", async () => {
      server.pod(pending({ reason: "PodInitializing" }));
      server.events.push(warning("Unhealthy", "Startup probe failed: connection refused"));
      const { refused, progress } = await run(server, "migrate");
      assert.match(refused ?? "", /has not started in 0.15 seconds; nothing of it has run/);
      assert.doesNotMatch(progress, /Startup probe/);
    });

    it("waits as long as the stack file says of whatever has to be ready", async () => {
      server.pod(pending({ reason: "ContainerCreating" }));
      const { refused } = await run(server, "migrate", { given: input({ readyTimeout: 1 }) });
      assert.match(refused ?? "", /has not started in 1 seconds; nothing of it has run/);
    });

    it("goes on when it starts after all", async () => {
      server.pod(unplaced);
      const { code } = await run(server, "prepare", {
        seen: (progress) => {
          if (!progress.includes("Unschedulable")) return;
          server.pod({ phase: "Running" });
          server.end("Complete");
        },
      });
      assert.equal(code, 0);
    });

    it("leaves a Job alone that has run before", async () => {
      server.add(jobName("migrate"), { status: { failed: 1 } });
      server.pod(unplaced);
      const { refused } = await run(server, "migrate");
      assert.match(refused ?? "", /it has run before and will go on when it can/);
      assert.equal(server.jobs.size, 1);
    });

    it("leaves a Job alone whose pod was lost while it was followed", async () => {
      server.onMade = () => server.log(event("migrating"));
      const { refused } = await run(server, "migrate", {
        seen: (progress) => {
          if (!progress.includes("migrating") || progress.includes("waiting")) return;
          server.pod(unplaced);
          server.nextPod();
        },
      });
      assert.match(refused ?? "", /it has run before and will go on when it can/);
      assert.equal(server.jobs.size, 1);
    });

    it("follows on when the Job changed at the moment that it was taken back", async () => {
      server.pod(unplaced);
      server.fail("DELETE job", 409);
      let ended = false;
      const { code } = await run(server, "prepare", {
        seen: (progress) => {
          if (ended || !progress.includes("which was there")) return;
          ended = true;
          server.pod({ phase: "Running" });
          server.end("Complete");
        },
      });
      assert.equal(code, 0);
    });
  });
});
