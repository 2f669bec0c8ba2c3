// Child processes of tests: each has a deadline to become ready, and none outlives the test run.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface ServerOptions {
  /** Ready when this holds: a port that accepts, a line of output, or a question that answers true. */
  ready: { port: number } | { output: RegExp } | (() => Promise<boolean>);
  /** @default 30_000 */
  deadlineMs?: number;
  cwd?: string;
  uid?: number;
  gid?: number;
}

export interface RunningServer {
  readonly pid: number;
  /** Everything written so far, both streams. */
  output(): string;
  /** Ends the server by its pid, SIGTERM first, SIGKILL after the grace; resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A TCP port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a program and waits until it is ready; one that ends early or misses the deadline is an error with its output. */
export async function startServer(argv: readonly string[], options: ServerOptions): Promise<RunningServer> {
  const [program = "", ...rest] = argv;
  const { ready, deadlineMs = 30_000, ...spawnOptions } = options;
  const child = spawn(program, rest, { ...spawnOptions, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  let failure: Error | undefined;
  child.once("error", (error) => (failure = error)).once("exit", () => running.delete(child));
  running.add(child);
  const server: RunningServer = { pid: child.pid ?? -1, output: () => output, stop: (graceMs) => end(child, graceMs) };
  const deadline = Date.now() + deadlineMs;
  const describe = (what: string) => new Error(`${argv.join(" ")}: ${what}\n${output.slice(-4_000)}`);
  try {
    while (!(await isReady(ready, output))) {
      if (failure) throw describe(failure.message);
      if (hasEnded(child)) throw describe(`ended with ${child.exitCode ?? child.signalCode} before it was ready`);
      if (Date.now() > deadline) throw describe(`not ready after ${deadlineMs} ms`);
      await sleep(50);
    }
  } catch (error) {
    await server.stop(0);
    throw error;
  }
  return server;
}

async function isReady(ready: ServerOptions["ready"], output: string): Promise<boolean> {
  if (typeof ready === "function") return ready();
  return "port" in ready ? accepts(ready.port) : ready.output.test(output);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1", timeout: 1_000 });
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket
      .once("connect", () => answer(true))
      .once("error", () => answer(false))
      .once("timeout", () => answer(false));
  });
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess, graceMs = 10_000): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const gone = once(child, "exit");
  child.kill(graceMs > 0 ? "SIGTERM" : "SIGKILL");
  const hard = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await gone;
  clearTimeout(hard);
}
