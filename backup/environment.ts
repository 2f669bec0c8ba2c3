/** The door to the environment of the backup program. */

/** Path of its configuration file; undefined when `BACKUP_CONFIG` is not set. */
export const configurationFile = (): string | undefined => process.env["BACKUP_CONFIG"];
