/**
 * Who may run: each role that touches the sites' schema asks the ledger first, in its container's own command, so that nobody starts it
 * past the question: no autoscaler, no restart, no `--target`.
 */
import { ledgerName, ledgerOwner } from "../../config/ledger.ts";
import { type Guarded, ledgerReader } from "../../constants/ledger.ts";
import type { ReaderConfig } from "../../release/reader/config.ts";
import type { ConfigFilesPlan, ContainerPlan, FileMount } from "../types.ts";
import { databaseOf } from "../backup/job.ts";
import type { BenchContext } from "./context.ts";

const folder = "/etc/frappe-ledger";
const config = { name: "ledger", key: "ledger.json" } as const;
const program = { name: "reader-program", key: "reader.cjs" } as const;

/**
 * The role takes the shell's place, so that it is the container's first process, as without a guard. A shell that is the first process
 * heeds no signal unless it is told to.
 */
export const guardScript = `guard=
trap '[ -z "$guard" ] || kill "$guard"; exit 143' TERM INT
node ${ledgerReader.program} guard &
guard=$!
wait "$guard"
trap - TERM INT
exec "$@"
`;

/** The command of a role that waits until its release may run. */
export const guarded = (argv: readonly string[]): readonly string[] => [
  "/bin/sh",
  "-euc",
  guardScript,
  "guard",
  ...argv,
];

/** A role that cannot be asked to leave: its guard stays its parent, and ends it when its release may no longer run. */
export const watched = (argv: readonly string[]): readonly string[] => ["node", ledgerReader.program, "run", ...argv];

/** What a container with a guard has beside its own. @param names of the rendered files that it has in its room. */
export const guardFilesIn = (names: { readonly program: string; readonly config: string }): readonly FileMount[] => [
  { path: ledgerReader.program, from: { config: names.program, key: program.key } },
  { path: `${folder}/${config.key}`, from: { config: names.config, key: config.key } },
  ...["username", "password"].map((key) => ({ path: `${folder}/${key}`, from: { secret: "ledger" as const, key } })),
];

export const guardFiles = guardFilesIn({ program: program.name, config: config.name });

/** Whom it asks, and on whose behalf. */
export const guardEnv = (role: Guarded): ContainerPlan["env"] => ({
  LEDGER_CONFIG: `${folder}/${config.key}`,
  LEDGER_ROLE: role,
});

/** @param pace How often is asked; left out, the usual. */
export function guardConfig(context: BenchContext, pace?: ReaderConfig["pace"]): ConfigFilesPlan["files"] {
  const asked: ReaderConfig = {
    release: context.release.id,
    ledger: ledgerName(context.config),
    owner: ledgerOwner(context.config),
    database: databaseOf(context),
    loginFolder: folder,
    ...(pace !== undefined && { pace }),
  };
  return { [config.key]: `${JSON.stringify(asked, null, 1)}\n` };
}

/** @param text The reader's program. */
export const guardProgram = (name: string, text: string): ConfigFilesPlan => ({
  name,
  files: { [program.key]: text },
  program: true,
});

/** @param text The reader's program. */
export const guardConfigs = (context: BenchContext, text: string): readonly ConfigFilesPlan[] => [
  guardProgram(program.name, text),
  { name: config.name, files: guardConfig(context) },
];
