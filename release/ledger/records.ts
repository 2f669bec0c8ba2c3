/** What stands in the ledger, read. */
import type { ReleaseState, SiteState } from "../machine.ts";
import { dialects } from "./dialect.ts";
import { ledgerVersion } from "./schema.ts";

/** Runs statements in order, in one session; answers the rows that they printed. */
export interface SqlClient {
  readonly engine: keyof typeof dialects;
  readonly query: (sql: string) => Promise<string[][]>;
}

export type Facts = Readonly<Record<string, unknown>>;

export interface Release {
  readonly id: string;
  /** The release that stood before; empty at the first. */
  readonly from: string;
  readonly state: ReleaseState;
  /** Why it went back, or needs a person; empty otherwise. */
  readonly reason: string;
  readonly facts: Facts;
  /** Milliseconds since 1970 by the database server's clock, as all times here; 0: not yet. */
  readonly begunAt: number;
  readonly changedAt: number;
  /** Writes were closed, and opened. */
  readonly closedAt: number;
  readonly openedAt: number;
  /** When whoever holds it goes back by itself. */
  readonly deadline: number;
  /** Milliseconds until then; Infinity without one. */
  readonly leftMs: number;
}

export interface ReleaseSite {
  readonly site: string;
  readonly state: SiteState;
  readonly facts: Facts;
}

export interface ReleaseEvent {
  readonly at: number;
  readonly generation: number;
  readonly site: string;
  readonly kind: string;
  readonly facts: Facts;
}

export const releaseColumns = ["id", "from_id", "state", "reason", "facts"] as const;
export const timeColumns = ["begun_at", "changed_at", "closed_at", "opened_at", "deadline"] as const;

export const unhex = (hex = ""): string => Buffer.from(hex, "hex").toString("utf8");
const factsOf = (hex: string | undefined): Facts => JSON.parse(unhex(hex)) as Facts;

/** Milliseconds until a deadline; Infinity without one. */
export const leftOf = (deadline: number, left: number): number => (deadline === 0 ? Infinity : left);

/** What answers whose ledger it is, for `refuseOther`. */
export const whoseLedger = ({ engine }: Pick<SqlClient, "engine">): string =>
  `SELECT version, ${dialects[engine].hex("owner")} FROM ledger WHERE id = 1`;

/** @throws when the ledger is another stack's, or newer than this program */
export function refuseOther([version, whose]: readonly string[] = [], owner: string): void {
  if (Number(version) > ledgerVersion) {
    throw new Error(`the ledger is of version ${version}, this program knows ${ledgerVersion}: a newer one was here`);
  }
  if (unhex(whose) !== owner) {
    throw new Error(
      `the ledger belongs to ${unhex(whose)}, not to ${owner}: two stacks have one bench id on one server: give one of them another frappe:bench.id`,
    );
  }
}

/** All releases, the oldest first. */
export async function readReleases(client: SqlClient): Promise<readonly Release[]> {
  const { hex, now } = dialects[client.engine];
  const columns = [...releaseColumns.map(hex), ...timeColumns, `deadline - ${now}`].join(", ");
  const rows = await client.query(`SELECT ${columns} FROM releases ORDER BY number`);
  return rows.map(([id, from, state, reason, facts, ...times]) => {
    const [begunAt = 0, changedAt = 0, closedAt = 0, openedAt = 0, deadline = 0, left = 0] = times.map(Number);
    const known = { id: unhex(id), from: unhex(from), state: unhex(state) as ReleaseState, reason: unhex(reason) };
    const leftMs = leftOf(deadline, left);
    return { ...known, facts: factsOf(facts), begunAt, changedAt, closedAt, openedAt, deadline, leftMs };
  });
}

const siteOf = ([site, state, facts]: readonly string[]): ReleaseSite => ({
  site: unhex(site),
  state: unhex(state) as SiteState,
  facts: factsOf(facts),
});

const siteColumns = ["site", "state", "facts"] as const;

export async function readSites(client: SqlClient, release: string): Promise<readonly ReleaseSite[]> {
  const { hex, text } = dialects[client.engine];
  const columns = siteColumns.map(hex).join(", ");
  const rows = await client.query(`SELECT ${columns} FROM sites WHERE release_id = ${text(release)} ORDER BY site`);
  return rows.map(siteOf);
}

/** The sites of every release, by its id. */
export async function readAllSites(client: SqlClient): Promise<ReadonlyMap<string, readonly ReleaseSite[]>> {
  const columns = ["release_id", ...siteColumns].map(dialects[client.engine].hex).join(", ");
  const sites = new Map<string, ReleaseSite[]>();
  for (const [id, ...row] of await client.query(`SELECT ${columns} FROM sites ORDER BY release_id, site`)) {
    sites.set(unhex(id), [...(sites.get(unhex(id)) ?? []), siteOf(row)]);
  }
  return sites;
}

export async function readEvents(client: SqlClient, release: string): Promise<readonly ReleaseEvent[]> {
  const { hex, text } = dialects[client.engine];
  const columns = ["at", "generation", ...["site", "kind", "facts"].map(hex)].join(", ");
  const rows = await client.query(`SELECT ${columns} FROM events WHERE release_id = ${text(release)} ORDER BY number`);
  return rows.map(([at, generation, site, kind, facts]) => ({
    at: Number(at),
    generation: Number(generation),
    site: unhex(site),
    kind: unhex(kind),
    facts: factsOf(facts),
  }));
}
