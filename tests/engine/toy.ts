/** Toy programs on the real engine: a project in a temp folder, with a file state of its own and the offline providers attached. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { environment } from "../../engine/environment.ts";
import { findEngine } from "../../engine/find.ts";
import { startOfflineProviders } from "../../engine/offline/server.ts";
import { placeholder } from "../../engine/placeholder.ts";
import { root } from "../../engine/root.ts";
import { run, type Ended } from "../../engine/run.ts";
import { readEvents, type Events } from "../../review/events.ts";

/** Milliseconds; the first engine on a machine has to be built. */
export const engineTimeout = 2_400_000;

/** Has an engine on this machine before a test measures its patience against it. */
export const prepareEngine = async (): Promise<void> => void (await findEngine(() => {}));

/** What a preview comes to, by logical name. */
export interface Plan {
  /** Operations as `--json` gives them. */
  readonly ops: Readonly<Record<string, string>>;
  /** Every step of each resource in the engine's order: of a replacement there are three. */
  readonly steps: Readonly<Record<string, readonly string[]>>;
  readonly events: Events;
}

export interface Toy {
  readonly folder: string;
  /** Replaces the program, a CommonJS module; `pulumi`, `k8s`, `random`, `command` and `docker` are at hand. */
  write(program: string): void;
  pulumi(...args: string[]): Promise<Ended>;
  /** Runs it and fails with what it said unless it ends well. */
  succeed(...args: string[]): Promise<Ended>;
  plan(): Promise<Plan>;
  /** The state file as it lies on the disk. */
  state(): string;
  remove(): void;
}

interface Shown {
  readonly steps: readonly { readonly op: string; readonly urn: string }[];
}

/** Each SDK takes a while to load, so only what a program mentions is loaded. */
const packages = { pulumi: "pulumi", k8s: "kubernetes", random: "random", command: "command", docker: "docker" };
const imports = (program: string) =>
  Object.entries(packages)
    .filter(([name]) => program.includes(`${name}.`))
    .map(([name, sdk]) => `const ${name} = require("@pulumi/${sdk}");\n`);

const nameOf = (urn: string) => urn.split("::").at(-1) ?? urn;

/**
 * A project whose stack file holds the preview's own placeholder as `toy:password`.
 * @param given Providers to attach in place of the offline ones; they are stopped with it. No `attach`: the engine's own plugins.
 */
export async function makeToy(given?: { readonly attach: string | undefined; stop(): void }): Promise<Toy> {
  const engine = await findEngine(() => {});
  const providers = given ?? (await startOfflineProviders());
  const folder = mkdtempSync(join(tmpdir(), "frappe-toy-"));
  mkdirSync(join(folder, "state"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    "name: toy\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
  );
  writeFileSync(join(folder, "package.json"), "{}");
  const stackFile = { encryptionsalt: placeholder.salt, config: { "toy:password": { secure: placeholder.sealed } } };
  writeFileSync(join(folder, "Pulumi.test.yaml"), stringify(stackFile));
  const env = environment.forChild({
    PATH: `${engine.bin}${delimiter}${environment.path()}`,
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: placeholder.passphrase,
    PULUMI_DEBUG_PROVIDERS: providers.attach,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_STACK: "test",
    PULUMI_DEBUG_COMMANDS: "true",
  });
  const pulumi = (...args: string[]) =>
    run([engine.pulumi, ...args, "--non-interactive"], { seconds: 120, cwd: folder, env });
  const succeed = async (...args: string[]) => {
    const ended = await pulumi(...args);
    assert.equal(ended.code, 0, `pulumi ${args.join(" ")} failed:\n${ended.stdout}\n${ended.stderr}`);
    return ended;
  };
  const eventLog = join(folder, "events.json");
  const plan = async () => {
    rmSync(eventLog, { force: true });
    const { stdout } = await succeed("preview", "--json", "--event-log", eventLog);
    const shown = (JSON.parse(stdout) as Shown).steps;
    const events = readEvents(eventLog);
    const steps: Record<string, string[]> = {};
    for (const { op, urn } of events.steps) {
      (steps[nameOf(urn)] ??= []).push(op);
    }
    return {
      ops: Object.fromEntries(shown.map(({ op, urn }) => [nameOf(urn), op])),
      events,
      steps,
    };
  };
  const remove = () => {
    providers.stop();
    rmSync(folder, { recursive: true });
  };
  try {
    await succeed("stack", "init", "test", "--no-select");
  } catch (error) {
    remove();
    throw error;
  }
  return {
    folder,
    pulumi,
    succeed,
    plan,
    write: (program) => writeFileSync(join(folder, "index.js"), imports(program).join("") + program),
    state: () => readFileSync(join(folder, "state/.pulumi/stacks/toy/test.json"), "utf8"),
    remove,
  };
}
