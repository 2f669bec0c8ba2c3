/** The one door to the process environment. Everything else is given what it needs. */
import { homedir } from "node:os";
import { join } from "node:path";

/** What this machine says about itself; read when asked for, so that tests can change it. */
export const environment = {
  /** Pulumi's own folder: engines under versions/, provider plugins under plugins/. */
  pulumiHome: (): string => process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"),
  /** Folders that programs are looked for in. */
  path: (): string => process.env["PATH"] ?? "",
  /** Whether nobody watches the terminal: progress is then a line now and then. */
  isCi: (): boolean => (process.env["CI"] ?? "") !== "" && process.env["CI"] !== "false",
  /** Where caches of ours lie, outside the tree. */
  cacheHome: (): string => join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "frappe-platform"),
  /** A child's environment: ours, with `changes` made; undefined removes a variable. */
  forChild: (changes: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv => ({
    ...process.env,
    ...changes,
  }),
};
