import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment } from "../../engine/environment.ts";
import { root } from "../../engine/root.ts";
import { kubeconfigOf } from "./api-server.ts";
import { startJobServer, type JobServer } from "./job-server.ts";
import { event, held, input, jobName, release, template } from "./run-step.ts";

describe("the process of a release step", function () {
  this.timeout(60_000);
  let server: JobServer;
  let folder: string;

  beforeEach(async () => {
    server = await startJobServer(template());
    folder = mkdtempSync(join(tmpdir(), "frappe-step-"));
    writeFileSync(join(folder, "kubeconfig"), kubeconfigOf(server, "staging").exportConfig());
    writeFileSync(join(folder, "input.json"), input());
  });
  afterEach(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(step: string, signal?: NodeJS.Signals) {
    const argv = ["engine/start.mjs", "operate/step-cli.ts", step, "--input", join(folder, "input.json")];
    const env = environment.forChild({ KUBECONFIG: join(folder, "kubeconfig") });
    const child = spawn(process.execPath, argv, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      // Pulumi and the terminal may both send it.
      if (signal !== undefined && stderr.includes("dumping")) child.kill(signal);
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout, stderr };
  }

  it("writes one line of JSON to stdout, and ends while the Job holds on", async () => {
    server.onMade = () => server.log(event("migrated"), held);
    const { code, stdout, stderr } = await run("migrate");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `{"release":"${release}","step":"migrate","state":"migrated"}\n`);
    assert.match(stderr, /started the Job .*\n03:04:05 migrated\n03:04:05 held: seconds 600\n$/);
  });

  it("writes nothing to stdout when the step fails, and ends with 1", async () => {
    server.onMade = () => {
      server.log(event("failed", { level: "error", cause: "no repository" }));
      server.end("Failed");
    };
    const { code, stdout, stderr } = await run("prepare");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /FAILED: prepare of release .*: failed: cause no repository\nthe release has changed nothing/);
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`leaves the Job running at ${signal}, and says how to follow it`, async () => {
      server.onMade = () => server.log(event("dumping"));
      const { code, stdout, stderr } = await run("backup", signal);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /interrupted; the Job release-0123456789-backup-1 goes on, .*logs -f job/);
      assert.equal(server.jobs.has(jobName("backup")), true);
      assert.equal(server.asked.includes("DELETE job"), false);
    });
  }
});
