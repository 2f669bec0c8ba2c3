/** The ledger's own schema, in the bench's database server. Small, plain columns, read by a person with any client. */
import type { Dialect } from "./dialect.ts";

/** Raised with each change of the tables; an older runner refuses a newer ledger. */
export const ledgerVersion = 1;

/** What a name of a state, a site or a release may be long. */
const word = "VARCHAR(255)";

export const schemaStatements = ({ alone, longText, counter, now, insertOnce }: Dialect, owner: string): string[] => [
  ...alone,
  `CREATE TABLE IF NOT EXISTS ledger (id INT PRIMARY KEY, version INT NOT NULL, owner ${word} NOT NULL, made_at BIGINT NOT NULL)`,
  // generation: counts who has had the releases in hand; whoever writes names his own, and is refused when another came after.
  `CREATE TABLE IF NOT EXISTS holder (id INT PRIMARY KEY, name ${word} NOT NULL, generation BIGINT NOT NULL, expires_at BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS releases (
    number ${counter},
    id ${word} NOT NULL UNIQUE,
    from_id ${word} NOT NULL,
    state ${word} NOT NULL,
    reason ${longText} NOT NULL,
    facts ${longText} NOT NULL,
    begun_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    closed_at BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    deadline BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS sites (
    release_id ${word} NOT NULL,
    site ${word} NOT NULL,
    state ${word} NOT NULL,
    facts ${longText} NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (release_id, site))`,
  `CREATE TABLE IF NOT EXISTS events (
    number ${counter},
    release_id ${word} NOT NULL,
    generation BIGINT NOT NULL,
    at BIGINT NOT NULL,
    site ${word} NOT NULL,
    kind ${word} NOT NULL,
    facts ${longText} NOT NULL)`,
  insertOnce("ledger", "id, version, owner, made_at", `1, ${ledgerVersion}, ${owner}, ${now}`),
  insertOnce("holder", "id, name, generation, expires_at", "1, '', 0, 0"),
];
