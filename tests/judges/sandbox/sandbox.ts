// A place where rendered configuration runs as it is, byte for byte: private network (loopback only), private and read-only
// root, private process tree. Needs root on Linux, since it makes namespaces; says so where it cannot.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { requireTools } from "../../support/tools.ts";
import type { Methods, Reply, Run, RunResult, Start } from "./protocol.ts";
import { codeAt, type SandboxOptions, layRoot, repository } from "./root.ts";

export type { SandboxOptions } from "./root.ts";

export interface Program {
  readonly pid: number;
  /** Everything that it has written so far. */
  log: () => Promise<string>;
  stop: () => Promise<void>;
}

export interface Sandbox extends Pick<Methods, "backends" | "request" | "upgrade" | "raw" | "redis"> {
  /** Runs a program to its end; a failure is an answer, not an error. */
  run: (argv: readonly string[], options?: Omit<Run, "argv">) => Promise<RunResult>;
  /** The same, where only success will do: answers what it wrote. */
  must: (argv: readonly string[], options?: Omit<Run, "argv">) => Promise<string>;
  /** Starts a server and waits until it takes connections. */
  start: (argv: readonly string[], options: Omit<Start, "argv">) => Promise<Program>;
  /** Ends every process in it; resolves when all are gone. */
  close: () => Promise<void>;
}

/** Opens a sandbox, and closes it whatever happens. */
export async function withSandbox<Result>(
  options: SandboxOptions,
  use: (sandbox: Sandbox) => Promise<Result>,
): Promise<Result> {
  const sandbox = await openSandbox(options);
  try {
    return await use(sandbox);
  } finally {
    await sandbox.close();
  }
}

export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new Error(
      "judging by real servers needs root on Linux (namespaces); run the tests as root, in a container or VM",
    );
  }
  const tools = requireTools("unshare", "ip");
  const folder = mkdtempSync(path.join(tmpdir(), "judge-"));
  try {
    const root = path.join(folder, "root");
    const plan = path.join(folder, "plan");
    writeFileSync(plan, layRoot(root, options));
    const agent = path.join(codeAt, path.relative(repository, fileURLToPath(new URL("agent.ts", import.meta.url))));
    const node = [
      process.execPath,
      "--import",
      path.join(codeAt, "engine/loader.mjs"),
      agent,
      String(options.user?.uid ?? 1000),
    ];
    const enter = ["/bin/sh", fileURLToPath(new URL("enter.sh", import.meta.url)), root, plan, "--"];
    const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"];
    const environment = [
      "/usr/bin/env",
      "-i",
      "TMPDIR=/run/agent",
      `PATH=${path.dirname(process.execPath)}:/usr/bin:/bin`,
    ];
    const child = spawn(tools.unshare, [...namespaces, ...enter, ...environment, ...node], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    return await connect(child, folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function connect(child: ChildProcess, folder: string): Promise<Sandbox> {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const gone = once(child, "close");
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let count = 0;
  const call = <Name extends keyof Methods>(
    method: Name,
    params: unknown,
    deadlineMs = 150_000,
  ): ReturnType<Methods[Name]> => {
    const id = ++count;
    const answer = new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      setTimeout(
        () => reject(new Error(`the sandbox did not answer ${method} within ${deadlineMs} ms`)),
        deadlineMs,
      ).unref();
    });
    child.stdin?.write(`${JSON.stringify({ id, method, params })}\n`);
    return answer as ReturnType<Methods[Name]>;
  };
  const ready = new Promise<unknown>((resolve, reject) => waiting.set(0, { resolve, reject }));
  child.stdin?.on("error", () => undefined);
  if (child.stdout) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { id, result, error } = JSON.parse(line) as Reply;
      const waiter = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) waiter?.resolve(result);
      else waiter?.reject(new Error(error));
    });
  }
  const ended = gone.then(() => {
    process.off("exit", kill);
    rmSync(folder, { recursive: true, force: true });
    for (const { reject } of waiting.values()) reject(new Error(`the sandbox ended: ${said.trim().slice(-2_000)}`));
  });
  const late = setTimeout(() => {
    said += "it was not ready within 60 s";
    kill();
  }, 60_000);
  await ready.finally(() => clearTimeout(late));
  const run = (argv: readonly string[], options?: Omit<Run, "argv">) =>
    call("run", { argv, ...options }, (options?.timeoutMs ?? 60_000) + 30_000);
  return {
    run,
    must: async (argv, options) => {
      const { code, stdout, stderr } = await run(argv, options);
      if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
      return stdout;
    },
    start: async (argv, options) => {
      const pid = await call("start", { argv, ...options }, (options.deadlineMs ?? 60_000) + 30_000);
      return { pid, log: () => call("log", pid), stop: () => call("stop", pid) };
    },
    backends: (list) => call("backends", list),
    request: (params) => call("request", params),
    upgrade: (params) => call("upgrade", params),
    raw: (params) => call("raw", params),
    redis: (params) => call("redis", params),
    close: async () => {
      child.stdin?.end();
      const hard = setTimeout(kill, 5_000);
      await ended;
      clearTimeout(hard);
    },
  };
}
