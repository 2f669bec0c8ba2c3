/** The ledger's reader, on the configuration file that LEDGER_CONFIG names: what stands in it, and the guard before each role. */
import { parseArgs } from "node:util";
import { messageOf } from "../../backup/log.ts";
import { ledgerConfigurationFile, ledgerRole } from "../environment.ts";
import { codeOf, passed, supervise, type Supervisor } from "./child.ts";
import { readConfig, readGuardConfig } from "./config.ts";
import { telling, waitForTurn } from "./guard.ts";
import { ledgerJson } from "./print.ts";

const usage = `usage: guard
       run PROGRAM [ARGUMENT…]
       ledger --json [--release ID]`;

const stopping = new AbortController();
let supervisor: Supervisor | undefined;

for (const signal of passed) {
  process.on(signal, () => {
    if (supervisor?.pass(signal) === true || signal.startsWith("SIGUSR")) return;
    // At once: what is asked meanwhile is called off, and nobody waits for its answer.
    stopping.abort(new Error(`called off by ${signal}`));
    process.exit(codeOf(signal));
  });
}

async function main([verb, ...rest]: readonly string[]): Promise<number> {
  const [program, ...more] = rest;
  if (verb === "guard" && program === undefined) {
    const config = readGuardConfig(ledgerConfigurationFile(), ledgerRole());
    await waitForTurn(config, stopping.signal, telling(config.release));
    return 0;
  }
  if (verb === "run" && program !== undefined) {
    supervisor = supervise(readGuardConfig(ledgerConfigurationFile(), ledgerRole()), [program, ...more]);
    return supervisor.run(stopping.signal);
  }
  if (verb === "ledger") {
    const options = { json: { type: "boolean" }, release: { type: "string" } } as const;
    const { values } = parseArgs({ args: rest, options, strict: true });
    const config = readConfig(ledgerConfigurationFile());
    process.stdout.write(`${await ledgerJson(config, values.release, stopping.signal)}\n`);
    return 0;
  }
  throw new Error(usage);
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
