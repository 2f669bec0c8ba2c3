import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Run, RunResult, Start } from "./protocol.ts";

const logs = path.join("/run/agent", "logs");
let files = 0;
const servers = new Map<number, { child: ChildProcess; log: string }>();
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const settings = ({ uid = 0, env, cwd = "/" }: Pick<Run, "uid" | "env" | "cwd">) => ({
  cwd,
  uid,
  gid: uid,
  env: { PATH: searchPath, LANG: "C.UTF-8", ...env },
});

/** Output goes to files that the program's user owns: /dev/stdout can then be opened, as in a container. */
function outputFile(name: string, uid = 0): { file: string; descriptor: number } {
  mkdirSync(logs, { recursive: true });
  const file = path.join(logs, `${++files}-${path.basename(name)}`);
  const descriptor = openSync(file, "a+", 0o600);
  chownSync(file, uid, uid);
  return { file, descriptor };
}

export async function run({ argv, input = "", timeoutMs = 60_000, ...rest }: Run): Promise<RunResult> {
  const [program = "", ...args] = argv;
  const [out, err] = [outputFile(program, rest.uid), outputFile(program, rest.uid)];
  const stdio = ["pipe" as const, out.descriptor, err.descriptor];
  const child = spawn(program, args, { ...settings(rest), timeout: timeoutMs, killSignal: "SIGKILL", stdio });
  child.stdin?.on("error", () => undefined).end(input);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return { code: code ?? -1, stdout: readFileSync(out.file, "utf8"), stderr: readFileSync(err.file, "utf8") };
  } finally {
    for (const { file, descriptor } of [out, err]) {
      closeSync(descriptor);
      rmSync(file);
    }
  }
}

export async function start({ argv, ready, deadlineMs = 60_000, ...rest }: Start): Promise<number> {
  const [program = "", ...args] = argv;
  const { file, descriptor } = outputFile(program, rest.uid);
  const child = spawn(program, args, { ...settings(rest), stdio: ["ignore", descriptor, descriptor] });
  closeSync(descriptor);
  let failure = "";
  child.once("error", (error) => (failure = error.message));
  const deadline = Date.now() + deadlineMs;
  while (!(await accepts(ready))) {
    const problem =
      failure || (hasEnded(child) ? `ended with ${child.exitCode ?? child.signalCode} before it was ready` : "");
    if (problem === "" && Date.now() < deadline) {
      await sleep(25);
      continue;
    }
    child.kill("SIGKILL");
    const said = readFileSync(file, "utf8").slice(-4_000);
    throw new Error(`${argv.join(" ")}: ${problem || `not ready after ${deadlineMs} ms`}\n${said}`);
  }
  const pid = child.pid ?? -1;
  servers.set(pid, { child, log: file });
  return pid;
}

export async function stop(pid: number): Promise<void> {
  const child = servers.get(pid)?.child;
  if (child === undefined || hasEnded(child)) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await gone;
  clearTimeout(hard);
}

export async function log(pid: number): Promise<string> {
  const server = servers.get(pid);
  if (server === undefined) throw new Error(`no server with the pid ${pid} was started here`);
  return readFileSync(server.log, "utf8");
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

function accepts(ready: Start["ready"]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = "socket" in ready ? net.connect(ready.socket) : net.connect(ready.port, ready.host ?? "127.0.0.1");
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => answer(true)).once("error", () => answer(false));
  });
}
