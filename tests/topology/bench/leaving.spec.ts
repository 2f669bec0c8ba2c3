import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { leavingScript } from "../../../topology/bench/roles.ts";

import { planOf } from "../../support/record-stack.ts";
import { shellcheck } from "../../support/tools.ts";

/** A program as patient as Frappe's socketio, which asks for no signal. */
const program = [process.execPath, "-e", 'setInterval(() => {}, 1_000); console.log("up")'];

describe("topology/bench: socketio's end", function () {
  this.timeout(20_000);
  const started: ChildProcess[] = [];
  const [workload] = planOf("prod").bench.workloads.filter(({ component }) => component === "socketio");
  const command = workload?.containers[0]?.command ?? [];

  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });

  /** Starts it as a container does, as the first of its own process ids, and asks it to end. */
  async function ask(argv: readonly string[]) {
    const apart = ["--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"];
    const child = spawn("unshare", [...apart, ...argv], { stdio: ["ignore", "pipe", "inherit"] });
    started.push(child);
    const ended = once(child, "exit") as Promise<[number | null, string | null]>;
    await once(child.stdout, "data");
    const first = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
    process.kill(first, "SIGTERM");
    return ended;
  }

  it("comes when it is asked for, with whatever it has started", async () => {
    assert.deepEqual(command.slice(0, 3), ["/bin/sh", "-euc", leavingScript]);
    assert.deepEqual(await ask([...command.slice(0, 4), ...program]), [143, null]);
  });

  it("would not come without the shell", async () => {
    const late = new Promise((resolve) => setTimeout(resolve, 1_000, "late"));
    assert.equal(await Promise.race([ask(program), late]), "late");
  });

  it("is the program's own where that ends by itself, so that the container is started again", () => {
    const { status } = spawnSync("/bin/sh", [...command.slice(1, 4), "sh", "-c", "exit 7"], { timeout: 10_000 });
    assert.equal(status, 7);
  });

  it("is in a script that shellcheck passes, run as it is with -e and -u", function () {
    this.timeout(11 * 60_000);
    assert.equal(shellcheck(leavingScript), "");
  });
});
