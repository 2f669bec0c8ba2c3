import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { oneServer } from "../../topology/one-server.ts";

describe("topology/one-server", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "one-server-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts what says "open" and then stays; the words that it was given must arrive as they are. */
  function start() {
    const [program = "", ...argv] = oneServer(folder, [
      "/bin/sh",
      "-c",
      'echo "open $1"; exec sleep 60',
      "sh",
      "a $b 'c'",
    ]);
    const child = spawn(program, argv, { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    return { child, said: () => said };
  }
  const opened = async ({ said }: { said: () => string }) => {
    for (let tries = 0; tries < 200 && said() === ""; tries += 1) await sleep(25);
    assert.equal(said(), "open a $b 'c'\n");
  };

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    it(`the second server waits for the end of the first, here by ${signal}, which the server itself is sent`, async () => {
      const first = start();
      await opened(first);
      const second = start();
      try {
        await sleep(300);
        assert.equal(second.said(), "");
        first.child.kill(signal);
        await once(first.child, "exit");
        await opened(second);
      } finally {
        first.child.kill("SIGKILL");
        second.child.kill("SIGKILL");
      }
    });
  }
});
