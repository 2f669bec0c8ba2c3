// Runs as the first process inside a sandbox: starts servers, talks to them, and ends with everything in the sandbox when
// its input closes, so nothing can outlive the test.
import { createInterface } from "node:readline";
import * as http from "./agent-http.ts";
import * as processes from "./agent-process.ts";
import { redis } from "./agent-redis.ts";
import { backends, raw } from "./agent-sockets.ts";
import type { Call, Methods, Reply } from "./protocol.ts";

const user = Number(process.argv[2]);
const methods: Methods = {
  run: (params) => processes.run({ uid: user, ...params }),
  start: (params) => processes.start({ uid: user, ...params }),
  stop: processes.stop,
  log: processes.log,
  backends,
  request: http.request,
  upgrade: http.upgrade,
  raw,
  redis,
};

const say = (reply: Reply) => process.stdout.write(`${JSON.stringify(reply)}\n`);

async function answer({ id, method, params }: Call): Promise<void> {
  try {
    const call = methods[method] as (params: unknown) => Promise<unknown>;
    say({ id, result: await call(params) });
  } catch (error) {
    say({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void answer(JSON.parse(line) as Call)).once("close", () => process.exit(0));
say({ id: 0, result: "ready" });
