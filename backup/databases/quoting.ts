/** Names and values in statements, as each engine writes them. */

export interface Quoting {
  readonly text: (value: string) => string;
  /** A table, a column, a database, a user of Postgres. */
  readonly name: (identifier: string) => string;
}

export const quotings: Readonly<Record<"mariadb" | "postgres", Quoting>> = {
  mariadb: {
    text: (value) => `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`,
    name: (identifier) => `\`${identifier.replaceAll("`", "``")}\``,
  },
  postgres: {
    text: (value) => `'${value.replaceAll("'", "''")}'`,
    name: (identifier) => `"${identifier.replaceAll('"', '""')}"`,
  },
};
