/**
 * `npm run recover -- <stack>`: after an `up` was killed, frees the stack and takes into its state what the dead engine had made and not
 * written down, so that the next `up` goes on. It changes nothing in the cluster.
 *
 * The state is mended by export and import: `pulumi refresh --import-pending-creates` (3.256) drops what it should import.
 */
import { isDeepStrictEqual } from "node:util";
import type { Writable } from "node:stream";
import { KubernetesObjectApi, type KubeConfig } from "@kubernetes/client-node";
import { findStackFile, type StackFile } from "../engine/stack-file.ts";
import { readWords } from "./arguments.ts";
import { connect, OperateError } from "./cluster.ts";
import { backendFolder, isAlive, locksIn, madeBy } from "./lock.ts";
import { findings, type Finding } from "./pending.ts";
import { backendOf, cancelRun, exportState, importState, refresh, type Pulumi } from "./pulumi.ts";
import { loadStack, projectName } from "./stack.ts";
import { repaired } from "./state.ts";

export const usage = `usage: npm run recover -- <stack> [--yes]
  <stack>   dev, staging, prod, or the path of a Pulumi.<stack>.yaml
  --yes     the run that holds the stack's lock is dead, where this command cannot see it`;

export interface RecoverSetting {
  readonly pulumi: Pulumi;
  readonly kubeconfig: KubeConfig;
  readonly output: Writable;
  /** This machine's name, as locks have it. */
  readonly host: string;
}

type Say = (line: string) => void;

function asked(argv: readonly string[]): { readonly wanted: string; readonly yes: boolean } {
  const options = { yes: { type: "boolean", default: false } } as const;
  const { values, positionals } = readWords(argv, options, usage);
  const [wanted, ...more] = positionals;
  if (wanted === undefined || more.length > 0) {
    throw new OperateError(`expected one stack, got ${positionals.join(", ") || "none"}\n${usage}`);
  }
  return { wanted, yes: values.yes };
}

/** Frees the stack of the lock that a dead run has left; returns whether there was one. */
async function unlock(setting: RecoverSetting, file: StackFile, yes: boolean, say: Say): Promise<boolean> {
  const { pulumi, host } = setting;
  const url = await backendOf(pulumi);
  const folder = backendFolder(url, pulumi.root);
  const locks = folder === undefined ? [] : locksIn(folder, projectName(pulumi.root), file.stack);
  const alive = locks.find((lock) => lock.hostname === host && isAlive(lock));
  if (alive !== undefined) {
    throw new OperateError(
      `${file.stack} is locked by ${madeBy(alive)}, which lives; wait for its end, or end it first (Ctrl-C lets it write down what it did)`,
    );
  }
  const elsewhere = locks.find((lock) => lock.hostname !== host);
  if (elsewhere !== undefined && !yes) {
    throw new OperateError(
      `${file.stack} is locked by ${madeBy(elsewhere)}, which cannot be seen from ${host}; when you know that it is dead, say --yes`,
    );
  }
  if (locks.length > 0 || (folder === undefined && yes)) {
    say(`unlock   ${locks.map(madeBy).join("; ") || `whatever holds ${file.stack} in ${url}`}: dead; pulumi cancel`);
    await cancelRun(pulumi, file);
    return true;
  }
  return false;
}

/** Reads again what the state has of these. A live object may differ from what was asked for, and may not be ready. */
async function readAgain(pulumi: Pulumi, file: StackFile, found: readonly Finding[]): Promise<void> {
  const urns = found
    .filter(({ verdict, operation }) => verdict === "taken" || operation.type === "updating")
    .map(({ operation }) => operation.resource.urn);
  if (urns.length === 0) {
    return;
  }
  try {
    await refresh(pulumi, file, [...new Set(urns)]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperateError(
      `the state has them, but could not read them again:\n${why}\nput that right, then \`pulumi refresh --stack ${file.stack}\``,
    );
  }
}

/** Runs the command and returns its exit code: 0 the next `up` goes on, 1 it will meet what another made. */
export async function recover(argv: readonly string[], setting: RecoverSetting): Promise<number> {
  const { pulumi, kubeconfig, output } = setting;
  const say: Say = (line) => void output.write(`${line}\n`);
  const { wanted, yes } = asked(argv);
  const file = findStackFile(wanted, pulumi.root);
  const config = loadStack(wanted, pulumi.root);
  connect(config, kubeconfig);
  const freed = await unlock(setting, file, yes, say);
  const state = await exportState(pulumi, file);
  const found = await findings(state, kubeconfig.makeApiClient(KubernetesObjectApi));
  found.forEach(({ verdict, what, why }) => say(`${verdict.padEnd(8)} ${what}: ${why}`));
  if (found.length > 0) {
    if (!isDeepStrictEqual(await exportState(pulumi, file), state)) {
      throw new OperateError(
        `somebody else changed the state of ${file.stack} meanwhile; nothing was written: run this again`,
      );
    }
    await importState(
      pulumi,
      file,
      repaired(
        state,
        found.flatMap(({ orphan }) => orphan ?? []),
      ),
    );
    await readAgain(pulumi, file, found);
  }
  if (found.length === 0 && !freed) {
    say("nothing to recover: no lock, and no operation that was begun and not ended");
  }
  say(`then go on: pulumi up --stack ${file.stack} --policy-pack engine/policy-pack.mjs`);
  return found.some(({ verdict }) => verdict === "left") ? 1 : 0;
}
