/** The door to the environment of the release runner, and of the ledger's reader. */
import { concealAddresses } from "../backup/environment.ts";

/** Path of its configuration file; undefined when `RELEASE_CONFIG` is not set. */
export const configurationFile = (): string | undefined => process.env["RELEASE_CONFIG"];

/** The same of the ledger's reader: `LEDGER_CONFIG`. */
export const ledgerConfigurationFile = (): string | undefined => process.env["LEDGER_CONFIG"];

/** Role of the bench that asks whether it may run: `LEDGER_ROLE`. */
export const ledgerRole = (): string | undefined => process.env["LEDGER_ROLE"];

/** Frappe's own address of the job queue, password and all. */
export function queueUrl(): string | undefined {
  concealAddresses();
  return process.env["FRAPPE_REDIS_QUEUE"];
}

/** The same of the bench's cache. */
export function cacheUrl(): string | undefined {
  concealAddresses();
  return process.env["FRAPPE_REDIS_CACHE"];
}

/** Our own, with more in it: for a program that is told so what it cannot be told by argv. */
export const environmentWith = (more: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ),
  ...more,
});

/** Name of a place at which a test stops the process for good, to kill it there; never set otherwise. */
export const stopPoint = (): string | undefined => process.env["RELEASE_STOP_AT"];
