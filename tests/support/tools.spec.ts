import assert from "node:assert/strict";
import net from "node:net";
import { freePort, startServer } from "./tools-server.ts";
import { findTool, requireTool, requireTools } from "./tools.ts";

const node = (script: string) => [process.execPath, "-e", script];
const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("support/tools", () => {
  it("finds a program on PATH", () => assert.match(requireTool("unshare"), /^\/.*\/unshare$/));
  it("finds several at once", () =>
    assert.deepEqual(Object.keys(requireTools("unshare", "nsenter")), ["unshare", "nsenter"]));
  it("knows that a program is nowhere", () => assert.equal(findTool("no-such-program-anywhere"), undefined));

  it("gives a port that can be listened on", async () => {
    const port = await freePort();
    const server = net.createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("support/tools-server", function () {
  this.timeout(60_000);

  it("waits until a port takes connections, and ends the server", async () => {
    const port = await freePort();
    const server = await startServer(node(`require("net").createServer().listen(${port}, "127.0.0.1")`), {
      ready: { port },
    });
    assert.ok(alive(server.pid));
    await server.stop();
    assert.equal(alive(server.pid), false);
  });

  it("waits for a line of output", async () => {
    const server = await startServer(
      node(`setTimeout(() => console.log("now ready"), 50); setInterval(() => {}, 1000)`),
      { ready: { output: /now ready/ } },
    );
    assert.match(server.output(), /now ready/);
    await server.stop();
  });

  it("kills a server that ignores the polite signal", async () => {
    const server = await startServer(
      node(`process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)`),
      { ready: { output: /up/ } },
    );
    await server.stop(100);
    assert.equal(alive(server.pid), false);
  });

  it("says with the output why a server ended early", async () => {
    await assert.rejects(
      startServer(node(`console.error("no such thing"); process.exit(3)`), { ready: { output: /up/ } }),
      /ended with 3[\s\S]*no such thing/,
    );
  });

  it("gives up at the deadline, and ends the server", async () => {
    await assert.rejects(
      startServer(node(`setInterval(() => {}, 1000)`), { ready: { output: /up/ }, deadlineMs: 200 }),
      /not ready after 200 ms/,
    );
  });

  it("says that a program does not exist", async () => {
    await assert.rejects(startServer(["/no/such/program"], { ready: { output: /up/ } }), /ENOENT/);
  });
});
