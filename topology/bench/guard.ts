/**
 * Who may run: each role that touches the sites' schema asks the ledger first, in its container's own command, so that nobody starts it
 * past the question: no autoscaler, no restart, no `--target`.
 */
import { ledgerName, ledgerOwner } from "../../config/ledger.ts";
import { ledgerReader, type Role } from "../../constants/ledger.ts";
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

/** What a container with a guard has beside its own. */
export const guardFiles: readonly FileMount[] = [
  { path: ledgerReader.program, from: { config: program.name, key: program.key } },
  { path: `${folder}/${config.key}`, from: { config: config.name, key: config.key } },
  ...["username", "password"].map((key) => ({ path: `${folder}/${key}`, from: { secret: "ledger" as const, key } })),
];

/** Whom it asks, and on whose behalf. */
export const guardEnv = (role: Role): ContainerPlan["env"] => ({
  LEDGER_CONFIG: `${folder}/${config.key}`,
  LEDGER_ROLE: role,
});

/** @param text The reader's program. */
export function guardConfigs(context: BenchContext, text: string): readonly ConfigFilesPlan[] {
  const asked = {
    release: context.release.id,
    ledger: ledgerName(context.config),
    owner: ledgerOwner(context.config),
    database: databaseOf(context),
    loginFolder: folder,
  };
  return [
    { name: program.name, files: { [program.key]: text }, program: true },
    { name: config.name, files: { [config.key]: `${JSON.stringify(asked, null, 1)}\n` } },
  ];
}
