/** `npm run preview -- <stack>`: the real engine's preview of a committed stack file, for anybody, and what it comes to. */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { readEvents } from "../review/events.ts";
import { summarise } from "../review/summary.ts";
import { parseArguments, UsageError, type PreviewArguments } from "./arguments.ts";
import { environment } from "./environment.ts";
import { findEngine, NoEngineError, type Engine } from "./find.ts";
import { startOfflineProviders } from "./offline/server.ts";
import { missingPlugins } from "./plugins.ts";
import { policyPackFlags } from "./policy-pack.ts";
import { root } from "./root.ts";
import { findStackFile, StackFileError } from "./stack-file.ts";
import { makeWorkspace, type Workspace } from "./workspace.ts";

const say = (line: string) => process.stderr.write(`${line}\n`);

const projectName = () => (parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as { name: string }).name;

/** Exit codes of a process that a signal ended, as shells give them. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof signalCodes;

let running: ChildProcess | undefined;

/** A signal is Pulumi's to answer while it runs; before and after, we leave, and `exit` cleans up. */
function onSignal(signal: Signal): void {
  if (running === undefined) {
    process.exit(signalCodes[signal]);
  }
  running.kill(signal);
}

/** Runs Pulumi with our terminal as its own. */
function runPulumi(engine: Engine, args: readonly string[], changes: Record<string, string | undefined>) {
  const env = environment.forChild({ ...changes, PATH: `${engine.bin}${delimiter}${environment.path()}` });
  const child = spawn(engine.pulumi, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
  running = child;
  return new Promise<number>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => {
      running = undefined;
      done(code ?? signalCodes[signal as Signal] ?? 1);
    });
  });
}

async function preview(engine: Engine, workspace: Workspace, stack: string, asked: PreviewArguments): Promise<number> {
  const missing = missingPlugins();
  const offline = asked.offline || missing.length > 0;
  const providers = offline ? await startOfflineProviders() : undefined;
  try {
    const display = asked.json ? ["--json"] : ["--diff"];
    const args = ["preview", "--stack", stack, "--config-file", workspace.configFile, "--non-interactive", ...display];
    const judged = policyPackFlags(root, workspace.configFile);
    const code = await runPulumi(engine, [...args, ...judged, "--event-log", workspace.eventLog, ...asked.extra], {
      ...workspace.environment,
      PULUMI_DEBUG_PROVIDERS: providers?.attach,
      // The Kubernetes SDK makes it an input of the provider, and a preview that asks no cluster would differ from machine to machine.
      ...(offline && { KUBECONFIG: undefined }),
    });
    if (!asked.json) {
      const why = missing.length > 0 ? `no plugin here for ${missing.join(", ")}` : "as asked";
      const events = readEvents(workspace.eventLog);
      const circumstances = { stack, failed: code !== 0, offline: offline ? why : undefined, now: Date.now() };
      process.stdout.write(summarise(events, circumstances));
    }
    return code;
  } finally {
    providers?.stop();
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const asked = parseArguments(argv);
  const file = findStackFile(asked.stack, root);
  for (const signal of Object.keys(signalCodes) as Signal[]) {
    process.on(signal, () => onSignal(signal));
  }
  const engine = await findEngine(say);
  const workspace = makeWorkspace(projectName(), file);
  process.once("exit", workspace.remove);
  return preview(engine, workspace, file.stack, asked);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof StackFileError || error instanceof NoEngineError)) {
    throw error;
  }
  say(error.message);
  process.exitCode = 2;
}
