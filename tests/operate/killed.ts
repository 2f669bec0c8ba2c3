/** A stack whose `up` can be killed while the cluster is asked to make something. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { environment } from "../../engine/environment.ts";
import { findEngine } from "../../engine/find.ts";
import { placeholder } from "../../engine/placeholder.ts";
import { root } from "../../engine/root.ts";
import { run } from "../../engine/run.ts";
import { previewableCopy } from "../../engine/stack-file.ts";
import { emptyStack, ownHome } from "../../engine/workspace.ts";
import type { Pulumi } from "../../operate/pulumi.ts";
import type { Operation, StateResource } from "../../operate/state.ts";
import { startProviders } from "../providers/index.ts";
import { kubeconfigOf } from "./api-server.ts";
import { startObjectServer, type ObjectServer } from "./object-server.ts";

interface Deployment {
  resources: StateResource[];
  pending_operations?: Operation[];
}

export interface Killable {
  readonly server: ObjectServer;
  readonly pulumi: Pulumi;
  /** Folder of the stack's locks. */
  readonly locks: string;
  /** How the stack's engine is run. */
  readonly options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly seconds: number };
  write(program: string): void;
  /** Starts an `up` and leaves it to its fate. */
  start(): ChildProcess;
  /** An `up` to its end, with all that it said. */
  up(...more: string[]): Promise<string>;
  state(): Deployment;
  change(edit: (deployment: Deployment) => void): void;
  remove(): Promise<void>;
}

export async function makeKillable(): Promise<Killable> {
  const engine = await findEngine(() => {});
  const server = await startObjectServer();
  const folder = mkdtempSync(join(tmpdir(), "frappe-recover-"));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, kubeconfigOf(server, "staging").exportConfig());
  const providers = await startProviders({ kubeconfig, directory: folder });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    "name: frappe\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
  );
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "Pulumi.staging.yaml"), previewableCopy(join(root, "Pulumi.staging.yaml")));
  emptyStack(folder, "frappe", "staging");
  const own = {
    PATH: `${engine.bin}${delimiter}${environment.path()}`,
    PULUMI_HOME: ownHome(folder, environment.pulumiHome()),
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: placeholder.passphrase,
    PULUMI_DEBUG_PROVIDERS: providers.attach,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const argv = [engine.pulumi, "up", "--yes", "--skip-preview", "--stack", "staging", "--non-interactive"] as const;
  const options = { cwd: folder, env: environment.forChild(own), seconds: 120 };
  const stateFile = join(folder, "state/.pulumi/stacks/frappe/staging.json");
  const checkpoint = () => JSON.parse(readFileSync(stateFile, "utf8")) as { checkpoint: { latest: Deployment } };
  let started: ChildProcess | undefined;
  return {
    server,
    options,
    pulumi: { engine, root: folder, environment: own },
    locks: join(folder, "state/.pulumi/locks/organization/frappe/staging"),
    write: (program) =>
      writeFileSync(
        join(folder, "index.js"),
        `const k8s = require("@pulumi/kubernetes"); const random = require("@pulumi/random");\n${program}`,
      ),
    start: () => (started = spawn(argv[0], argv.slice(1), { cwd: folder, env: options.env, stdio: "ignore" })),
    up: async (...more) => {
      const { code, stdout, stderr } = await run([...argv, ...more], options);
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    },
    state: () => checkpoint().checkpoint.latest,
    change: (edit) => {
      const whole = checkpoint();
      edit(whole.checkpoint.latest);
      writeFileSync(stateFile, JSON.stringify(whole));
    },
    remove: async () => {
      if (started?.exitCode === null && started.signalCode === null) {
        started.kill("SIGKILL");
        await once(started, "exit");
      }
      providers.stop();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
