/** Names and values in statements on a site's tables, as its engine writes them. */
import type { ReleaseJob } from "../job.ts";
import { dialects } from "../ledger/dialect.ts";

export interface Quoting {
  readonly text: (value: string) => string;
  /** A table, a column, a user of Postgres. */
  readonly name: (identifier: string) => string;
}

export const quotings: Readonly<Record<keyof typeof dialects, Quoting>> = {
  mariadb: { text: dialects.mariadb.text, name: (identifier) => `\`${identifier.replaceAll("`", "``")}\`` },
  postgres: { text: dialects.postgres.text, name: (identifier) => `"${identifier.replaceAll('"', '""')}"` },
};

export const quotingOf = ({ backup }: ReleaseJob): Quoting => quotings[backup.database.engine];

/** The table that marks a database as one that we have begun to make (begun.ts). */
export const mark = "frappe_platform_site";
