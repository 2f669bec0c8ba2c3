import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { findTool } from "../support/tools.ts";
import { installPackages } from "../support/tools-install.ts";
import type { WorkloadPlan } from "../../topology/types.ts";
import type { Program, Sandbox } from "../judges/sandbox/sandbox.ts";

/** Programs that a plan's probes call by name, with the Debian package that brings each. */
export function requirePrograms(programs: Readonly<Record<string, string>>): void {
  for (const [program, from] of Object.entries(programs)) {
    if (findTool(program) === undefined) installPackages([from], `${program} is missing`);
  }
}

export const signal = (sandbox: Sandbox, { pid }: Program, name: "STOP" | "CONT" | "KILL"): Promise<string> =>
  sandbox.must(["kill", `-${name}`, String(pid)]);

/** The command line that a running server was started with. */
const commandOf = async (sandbox: Sandbox, { pid }: Program) =>
  (await sandbox.must(["cat", `/proc/${pid}/cmdline`])).split("\0").slice(0, -1);

/**
 * Kills a server with all its processes, as a pod is; the answer starts it again, on what it left.
 * @param command what it was started with, where it does not show that itself.
 */
export async function killHard(
  sandbox: Sandbox,
  server: Program,
  command?: readonly string[],
): Promise<(ready: { port: number }) => Promise<Program>> {
  const again = command ?? (await commandOf(sandbox, server));
  const children = await sandbox.must(["cat", `/proc/${server.pid}/task/${server.pid}/children`]);
  const pids = children.split(" ").filter((pid) => pid !== "");
  await sandbox.run(["kill", "-KILL", String(server.pid), ...pids]);
  await server.stop();
  const states = pids.map((pid) => `/proc/${pid}/status`);
  // Nobody collects orphans in the sandbox: dead ones stay, as zombies.
  await until(
    async () => pids.length === 0 || !/^State:\s+[^ZX]/m.test((await sandbox.run(["cat", ...states])).stdout),
  );
  return (ready) => sandbox.start(again, { ready, deadlineMs: 120_000 });
}

/** Waits until `holds` does; the suite's own time limit ends a wait in vain. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  // A pause, so that whoever is waited for gets a turn as well.
  while (!(await holds())) await sleep(50);
}

type Checks = "startup" | "readiness" | "liveness";

/** Whether a probe of a workload's first container says yes, within the time that the kubelet would give it. */
export function probeOf({ containers }: WorkloadPlan, which: Checks): (sandbox: Sandbox) => Promise<boolean> {
  const probe = containers[0]?.probes[which];
  if (probe === undefined || !("exec" in probe.check)) throw new Error(`no command is its ${which} probe`);
  const { check, timeout } = probe;
  return async (sandbox) => (await sandbox.run(check.exec, { timeoutMs: timeout * 1000 })).code === 0;
}

/** Runs one statement's numbers through a client, and what the server has of them; how each engine is spoken to. */
export interface WriterOf {
  readonly sandbox: Sandbox;
  readonly server: Program;
  readonly port: number;
  readonly client: readonly string[];
  /** Writes `n` and prints it once it is committed. */
  readonly statement: (n: number) => string;
  /** Every number that the server has. */
  readonly kept: () => Promise<number[]>;
}

/** SIGKILL under load, three times in a row: whatever the client was told is written is there when the server is back. */
export async function losesNothingWhenKilled({ sandbox, server: first, port, client, statement, kept }: WriterOf) {
  let server = first;
  for (const round of [1, 2, 3]) {
    const before = (await kept()).length;
    const numbers = Array.from({ length: 60_000 }, (_, index) => round * 100_000 + index);
    const input = numbers.map((n) => `${statement(n)}\n`).join("");
    const writing = sandbox.run(client, { input, timeoutMs: 120_000 });
    await until(async () => (await kept()).length > before + 500);
    const startAgain = await killHard(sandbox, server);
    const { code, stdout } = await writing;
    assert.notEqual(code, 0, "it had written everything before the kill");
    const acknowledged = stdout.trim().split("\n").map(Number);
    server = await startAgain({ port });
    // It listens before it has recovered.
    await until(async () => (await sandbox.run(client, { input: "SELECT 1;\n" })).code === 0);
    const there = new Set(await kept());
    assert.ok(acknowledged.length > 100);
    assert.deepEqual(
      acknowledged.filter((n) => !there.has(n)),
      [],
    );
  }
}

/** What each probe of a workload says, all asked at once. */
export const answersOf = (workload: WorkloadPlan) => (sandbox: Sandbox) =>
  Promise.all((["startup", "readiness", "liveness"] as const).map((which) => probeOf(workload, which)(sandbox)));
