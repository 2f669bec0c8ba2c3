/** The door to the environment of the backup program. */
import { conceal } from "./log.ts";

/** Path of its configuration file; undefined when `BACKUP_CONFIG` is not set. */
export const configurationFile = (): string | undefined => process.env["BACKUP_CONFIG"];

/** Keeps the passwords in the addresses that Frappe's commands are given (`FRAPPE_REDIS_*`) out of what is said of them. */
export function concealAddresses(environment: NodeJS.ProcessEnv = process.env): void {
  for (const [name, value = ""] of Object.entries(environment)) {
    if (!name.startsWith("FRAPPE_REDIS_") || !URL.canParse(value)) continue;
    const { password } = new URL(value);
    for (const form of [password, decodeURIComponent(password)]) conceal(form);
  }
}
