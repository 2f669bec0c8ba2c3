import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { root } from "../../engine/root.ts";

const argv = ["--import", "./engine/loader.mjs", "tests/providers/serve.ts"];
const line = /^kubernetes:(\d+),random:(\d+),command:(\d+)$/;

describe("the applying providers as a process of their own", function () {
  this.timeout(60_000);

  const start = async () => {
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
    const [first] = (await once(createInterface(child.stdout), "line")) as [string];
    return { child, first };
  };

  it("print one line that the engine attaches by, listen there, and end when their input closes", async () => {
    const { child, first } = await start();
    const ports = line.exec(first)?.slice(1) ?? [];
    assert.equal(ports.length, 3, first);
    for (const port of ports) {
      const socket = connect({ host: "127.0.0.1", port: Number(port) });
      await once(socket, "connect");
      socket.destroy();
    }
    child.stdin.end();
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });

  it("end at SIGTERM", async () => {
    const { child } = await start();
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
