/** A throw-away place for one preview: state, a copy of the stack file, an event log. Gone afterwards, however it ends. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment } from "./environment.ts";
import { placeholder } from "./placeholder.ts";
import { previewableCopy, type StackFile } from "./stack-file.ts";

export interface Workspace {
  readonly folder: string;
  readonly configFile: string;
  readonly eventLog: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly remove: () => void;
}

/** An empty stack in a file backend, as `pulumi stack init` leaves it, without its half second and its edit of the stack file. */
export function emptyStack(folder: string, project: string, stack: string): void {
  const stacks = join(folder, "state/.pulumi/stacks", project);
  mkdirSync(stacks, { recursive: true });
  writeFileSync(join(folder, "state/.pulumi/meta.yaml"), "version: 1\n");
  const checkpoint = { version: 3, checkpoint: { stack: `organization/${project}/${stack}`, latest: null } };
  writeFileSync(join(stacks, `${stack}.json`), JSON.stringify(checkpoint));
}

/**
 * A Pulumi folder of the preview's own: in the user's, each run would leave a log and delete older ones, and could read their login.
 * Plugins are still found there.
 */
export function ownHome(folder: string, usersHome: string): string {
  const home = join(folder, "home");
  const plugins = join(usersHome, "plugins");
  mkdirSync(home);
  if (existsSync(plugins)) {
    symlinkSync(plugins, join(home, "plugins"));
  }
  return home;
}

export function makeWorkspace(
  project: string,
  { stack, path }: StackFile,
  usersHome = environment.pulumiHome(),
): Workspace {
  // First, as it throws for a file that cannot be read, and nobody would remove the folder then.
  const copy = previewableCopy(path);
  const folder = mkdtempSync(join(tmpdir(), "frappe-preview-"));
  const configFile = join(folder, `Pulumi.${stack}.yaml`);
  emptyStack(folder, project, stack);
  writeFileSync(configFile, copy);
  return {
    folder,
    configFile,
    eventLog: join(folder, "events.json"),
    environment: {
      PULUMI_HOME: ownHome(folder, usersHome),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: placeholder.passphrase,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // The event log is an option of the engine's developers; it alone gives the display and the events of one run.
      PULUMI_DEBUG_COMMANDS: "true",
      // Turning an Output into text would put a help text into a manifest; this makes it an error.
      PULUMI_ERROR_OUTPUT_STRING: "true",
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
