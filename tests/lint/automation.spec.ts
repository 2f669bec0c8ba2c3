import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { requireTool } from "../support/tools.ts";

const root = resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const workflows = readdirSync(join(root, ".github/workflows")).map((file) => `.github/workflows/${file}`);

interface Workflow {
  readonly permissions: Record<string, string>;
  readonly concurrency: unknown;
  readonly jobs: Record<string, { "timeout-minutes"?: number; steps: { uses?: string; run?: string }[] }>;
}

describe("lint: workflows and hooks", () => {
  it("pins every action by commit, with its version beside it", () => {
    const uses = workflows.flatMap((file) => read(file).match(/uses: .*/g) ?? []);
    assert.ok(uses.length >= 6);
    assert.deepEqual(
      uses.filter((line) => !/^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
      [],
    );
  });

  it("gives a workflow no right but to read, one run at a time, and an end", () => {
    for (const file of workflows) {
      const { permissions, concurrency, jobs } = parse(read(file)) as Workflow;
      assert.deepEqual(permissions, { contents: "read" }, file);
      assert.ok(concurrency, file);
      for (const job of Object.values(jobs)) assert.ok(job["timeout-minutes"], file);
    }
  });

  it("runs in GitHub what runs everywhere", () => {
    const { jobs } = parse(read(".github/workflows/ci.yml")) as Workflow;
    assert.ok(jobs["test"]?.steps.some(({ run }) => run === "bash .ci/run"));
  });

  it("shows a pull request the summary and the diff of its preview, and the last words of one that failed", () => {
    const { jobs } = parse(read(".github/workflows/preview.yml")) as Workflow;
    const script = jobs["preview"]?.steps.at(-1)?.run?.replaceAll("${{ matrix.stack }}", "prod");
    assert.ok(script);
    const summaryOf = (preview: string) =>
      execFileSync(
        "bash",
        [
          "-euo",
          "pipefail",
          "-c",
          `cd "$(mktemp -d)"; export GITHUB_STEP_SUMMARY=$PWD/out; printf '%s' "$1" >preview.txt; ${script}\ncat out; rm -r "$PWD"`,
          "bash",
          preview,
        ],
        { encoding: "utf8" },
      );
    const good = summaryOf("\u001b[32m+ create\u001b[0m\nSummary of prod\n  release 1\n");
    assert.match(good, /^## Preview of prod\n\n````text\nSummary of prod\n {2}release 1\n````\n/);
    assert.match(good, /the whole diff.*\n\n````text\n\+ create\n/);
    assert.match(summaryOf("error: no such key\n"), /^## Preview of prod\n\n````text\nerror: no such key\n````\n/);
  });

  it("passes shellcheck in every script", function () {
    this.timeout(300_000); // may install shellcheck
    const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
      cwd: root,
      encoding: "utf8",
    });
    const scripts = tracked
      .split("\n")
      .filter((file) => file !== "" && existsSync(join(root, file)))
      .filter((file) => file.endsWith(".sh") || /^#!.*\b(ba|da)?sh\b/.test(read(file)));
    assert.ok(scripts.includes(".ci/run"));
    const { status, stdout } = spawnSync(requireTool("shellcheck"), scripts, { cwd: root, encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });

  it("sees a plain value where a secret belongs, and none in the committed stack files", () => {
    const { repos } = parse(read(".pre-commit-config.yaml")) as {
      repos: { hooks: { id: string; entry: string }[] }[];
    };
    const entry = repos.flatMap(({ hooks }) => hooks).find(({ id }) => id === "plain-secrets")?.entry;
    assert.ok(entry);
    const plain = new RegExp(entry, "m");
    assert.match("  frappe:databaseRootPassword: hunter2", plain);
    assert.match(["-----BEGIN RSA", "PRIVATE KEY-----"].join(" "), plain);
    assert.doesNotMatch("  frappe:databaseRootPassword: { secure: v1:abc }", plain);
    assert.doesNotMatch("  frappe:databaseRootPassword:\n    secure: v1:abc", plain);
    for (const stack of ["dev", "staging", "prod"]) assert.doesNotMatch(read(`Pulumi.${stack}.yaml`), plain);
  });
});
