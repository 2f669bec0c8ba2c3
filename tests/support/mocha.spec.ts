import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runJob } from "./mocha.ts";

/** A test that leaves a process in a session of its own, and notes its number. */
const leaving = (note: string) => `
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
it("leaves something", () => {
  const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  child.unref();
  writeFileSync(${JSON.stringify(note)}, String(child.pid));
});
`;

describe("support/mocha", function () {
  this.timeout(60_000);

  it("leaves no process of a job behind, not even one in a session of its own", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "leaving-"));
    const [file, note] = [path.join(folder, "leaving.spec.mjs"), path.join(folder, "pid")];
    try {
      writeFileSync(file, leaving(note));
      const { counts } = await runJob({ name: "a job that leaves something", files: [file] });
      assert.deepEqual(counts, { passed: 1, failed: 0, skipped: 0 });
      const state = `/proc/${readFileSync(note, "utf8")}/stat`;
      const alive = existsSync(state) && !/\) Z /.test(readFileSync(state, "utf8"));
      assert.equal(alive, false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
