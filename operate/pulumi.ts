/** Pulumi's own state and stack file of a stack, by its command line: it alone knows the backend and opens and seals secrets. */
import type { Engine } from "../engine/find.ts";
import { environment } from "../engine/environment.ts";
import { run, tail } from "../engine/run.ts";
import type { StackFile } from "../engine/stack-file.ts";
import { OperateError } from "./cluster.ts";
import { nameOf, resourcesOf, type State } from "./state.ts";

export interface Pulumi {
  readonly engine: Engine;
  /** The project's folder. */
  readonly root: string;
  /** What a child's environment has beside ours. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Seconds; a backend may be far away, and ask for a login in vain. */
const usualSeconds = 120;

async function ask(pulumi: Pulumi, words: readonly string[], input = "", seconds = usualSeconds): Promise<string> {
  const env = environment.forChild({ PULUMI_SKIP_UPDATE_CHECK: "true", ...pulumi.environment });
  const argv = [pulumi.engine.pulumi, ...words, "--non-interactive"] as const;
  const { code, stdout, stderr } = await run(argv, { seconds, input, env, cwd: pulumi.root });
  if (code !== 0) {
    throw new OperateError(
      `pulumi ${words.join(" ")} ended with ${code}:\n    ${tail(stderr.trim() === "" ? stdout : stderr)}`,
    );
  }
  return stdout;
}

/** The stack's state, secrets sealed. */
export async function exportState(pulumi: Pulumi, { stack }: StackFile): Promise<State> {
  return JSON.parse(await ask(pulumi, ["stack", "export", "--stack", stack])) as State;
}

/** Replaces the stack's state; Pulumi itself drops operations that were begun and not ended. It is refused while a lock is there. */
export async function importState(pulumi: Pulumi, { stack }: StackFile, state: State): Promise<void> {
  await ask(pulumi, ["stack", "import", "--stack", stack], JSON.stringify(state));
}

/** Type and logical name of everything in the stack's state. */
export async function stateOf(pulumi: Pulumi, file: StackFile): Promise<{ type: string; name: string }[]> {
  return resourcesOf(await exportState(pulumi, file)).map(({ urn, type }) => ({ type, name: nameOf(urn) }));
}

/** Address of the backend that is logged in to. */
export async function backendOf(pulumi: Pulumi): Promise<string> {
  return (JSON.parse(await ask(pulumi, ["whoami", "--json"])) as { readonly url: string }).url;
}

/** Takes every lock off the stack. */
export async function cancelRun(pulumi: Pulumi, { stack }: StackFile): Promise<void> {
  await ask(pulumi, ["cancel", "--yes", "--stack", stack]);
}

/** Reads these resources of the state again from where they stand. */
export async function refresh(pulumi: Pulumi, { stack, path }: StackFile, urns: readonly string[]): Promise<void> {
  const targets = urns.flatMap((urn) => ["--target", urn]);
  const words = ["refresh", "--yes", "--skip-preview", "--stack", stack, "--config-file", path, ...targets];
  await ask(pulumi, words, "", 600);
}

/** Seals a secret into the stack file; its value goes by standard input. */
export async function setSecret(pulumi: Pulumi, { stack, path }: StackFile, key: string, value: string): Promise<void> {
  await ask(pulumi, ["config", "set", "--secret", key, "--stack", stack, "--config-file", path], value);
}
