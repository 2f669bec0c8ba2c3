/**
 * What was released, is being released, and why it ended: one small schema beside the sites' own, so that Kubernetes, Docker and a managed
 * server have it alike. Every change names the generation of who makes it and the state that it starts from; a change that another has
 * overtaken changes nothing and is told so.
 */
import { isEnd, mayFollow, releaseStates, type ReleaseState, siteMayFollow, type SiteState } from "../machine.ts";
import { type Dialect, dialects } from "./dialect.ts";
import {
  type Facts,
  type Release,
  type ReleaseEvent,
  type ReleaseSite,
  readEvents,
  readReleases,
  readSites,
  refuseOther,
  releaseColumns,
  type SqlClient,
  timeColumns,
  unhex,
  whoseLedger,
} from "./records.ts";
import { schemaStatements } from "./schema.ts";

/** The right to write, until somebody else takes it. */
export interface Hold {
  readonly name: string;
  readonly generation: number;
}

/** Somebody else has taken over: whoever is told this stops at once, and changes nothing more. */
export class Overtaken extends Error {}

/** Somebody else has a release in hand. */
export class Taken extends Error {}

interface Times {
  readonly closed?: boolean;
  readonly opened?: boolean;
  /** Milliseconds from now. */
  readonly deadline?: number;
}

interface Change {
  readonly change: string;
  readonly joinedBy: "AND" | "WHERE";
  /** A further condition. */
  readonly and?: string;
  readonly event: { readonly release: string; readonly site?: string; readonly kind: string; readonly facts: Facts };
  /** Sites that begin with it: a release without some of its sites would forget them, and stand. */
  readonly sites?: readonly string[];
}

export class Ledger {
  readonly #client: SqlClient;
  readonly #sql: Dialect;

  private constructor(client: SqlClient) {
    this.#client = client;
    this.#sql = dialects[client.engine];
  }

  /**
   * Opens the ledger, and makes it at the first time.
   * @param owner whose ledger it is: the stack's lasting identity. Two benches that share a server and a name would undo each other.
   */
  static async open(client: SqlClient, owner: string): Promise<Ledger> {
    const ledger = new Ledger(client);
    const sql = ledger.#sql;
    await client.query(schemaStatements(sql, sql.text(owner)).join(";\n"));
    const [row] = await client.query(whoseLedger(client));
    refuseOther(row, owner);
    return ledger;
  }

  /**
   * Takes the right to write for so many seconds; whoever had it before is overtaken.
   * @throws Taken while somebody else's has not expired.
   */
  async take(name: string, seconds: number): Promise<Hold> {
    const { text, now } = this.#sql;
    const until = `${now} + ${Math.round(seconds * 1000)}`;
    const free = `(expires_at < ${now} OR name = ${text(name)})`;
    await this.#client.query(
      `UPDATE holder SET name = ${text(name)}, generation = generation + 1, expires_at = ${until} WHERE id = 1 AND ${free}`,
    );
    const holder = await this.holder();
    if (holder.name !== name) {
      throw new Taken(
        `${holder.name} has a release in hand, for ${Math.ceil(holder.leftMs / 1000)} s more unless it renews`,
      );
    }
    return { name, generation: holder.generation };
  }

  async holder(): Promise<Hold & { readonly leftMs: number }> {
    const { hex, now } = this.#sql;
    const [[name, generation, left] = []] = await this.#client.query(
      `SELECT ${hex("name")}, generation, expires_at - ${now} FROM holder WHERE id = 1`,
    );
    return { name: unhex(name), generation: Number(generation), leftMs: Number(left) };
  }

  /** Prolongs the right. @throws Overtaken */
  async renew({ generation }: Hold, seconds: number): Promise<void> {
    const { now } = this.#sql;
    await this.#client.query(
      `UPDATE holder SET expires_at = ${now} + ${Math.round(seconds * 1000)} WHERE id = 1 AND generation = ${generation}`,
    );
    await this.#mustHold(generation);
  }

  /** Lets go; nothing where somebody else has taken over. */
  async letGo({ generation }: Hold): Promise<void> {
    await this.#client.query(`UPDATE holder SET expires_at = 0 WHERE id = 1 AND generation = ${generation}`);
  }

  /** Writes a release down, in its first state. @throws when one of this id is there, or another is not over. */
  async begin(
    hold: Hold,
    release: { id: string; from: string; facts: Facts },
    sites: readonly string[],
  ): Promise<void> {
    const { text, now } = this.#sql;
    const values = [release.id, release.from, "prepared", "", JSON.stringify(release.facts)].map(text);
    const over = releaseStates.filter(isEnd).map(text).join(", ");
    const done = await this.#guarded(hold, {
      change:
        `INSERT INTO releases (${[...releaseColumns, ...timeColumns].join(", ")}) ` +
        `SELECT ${values.join(", ")}, ${now}, ${now}, 0, 0, 0`,
      joinedBy: "WHERE",
      and: `NOT EXISTS (SELECT 1 FROM releases WHERE id = ${text(release.id)} OR state NOT IN (${over}))`,
      event: { release: release.id, kind: "prepared", facts: release.facts },
      sites,
    });
    if (!done) {
      await this.#mustHold(hold.generation);
      const open = (await this.releases()).find(
        ({ state }) => !["confirmed", "aborted", "rolled_back"].includes(state),
      );
      throw new Error(
        open === undefined
          ? `release ${release.id} is in the ledger already`
          : `release ${open.id} is not over (${open.state}): one at a time`,
      );
    }
  }

  /** Moves a release on. @throws Overtaken; or when it is not in `from`, or `to` may not follow. */
  async move(
    hold: Hold,
    id: string,
    [from, to]: readonly [ReleaseState, ReleaseState],
    { reason = "", facts = {}, times = {} }: { reason?: string; facts?: Facts; times?: Times } = {},
  ): Promise<void> {
    if (!mayFollow(from, to)) {
      throw new Error(`release ${id} may not go from ${from} to ${to}`);
    }
    const { text, now } = this.#sql;
    const set = [
      `state = ${text(to)}`,
      `changed_at = ${now}`,
      ...(reason === "" ? [] : [`reason = ${text(reason)}`]),
      ...(times.closed === true ? [`closed_at = ${now}`] : []),
      ...(times.opened === true ? [`opened_at = ${now}`] : []),
      ...(times.deadline === undefined ? [] : [`deadline = ${now} + ${Math.round(times.deadline)}`]),
    ];
    await this.#must(hold, `release ${id}, from ${from} to ${to}`, {
      change: `UPDATE releases SET ${set.join(", ")} WHERE id = ${text(id)} AND state = ${text(from)}`,
      joinedBy: "AND",
      event: { release: id, kind: to, facts: { ...facts, ...(reason !== "" && { reason }) } },
    });
  }

  /** Moves a site on, and keeps what is known of it. @throws as `move` */
  async moveSite(
    hold: Hold,
    id: string,
    site: string,
    [from, to]: readonly [SiteState, SiteState],
    facts: Facts = {},
  ): Promise<void> {
    if (from !== to && !siteMayFollow(from, to)) {
      throw new Error(`release ${id}: site ${site} may not go from ${from} to ${to}`);
    }
    const { text, now } = this.#sql;
    const known = (await this.sites(id)).find((each) => each.site === site)?.facts ?? {};
    const set = `state = ${text(to)}, facts = ${text(JSON.stringify({ ...known, ...facts }))}, changed_at = ${now}`;
    await this.#must(hold, `release ${id}, site ${site}, from ${from} to ${to}`, {
      change: `UPDATE sites SET ${set} WHERE release_id = ${text(id)} AND site = ${text(site)} AND state = ${text(from)}`,
      joinedBy: "AND",
      event: { release: id, site, kind: to, facts },
    });
  }

  /** Writes down something that moved nothing. @throws Overtaken */
  async note(hold: Hold, id: string, kind: string, facts: Facts = {}, site = ""): Promise<void> {
    const { text, now } = this.#sql;
    await this.#must(hold, `release ${id}, ${kind}`, {
      change: `UPDATE releases SET changed_at = ${now} WHERE id = ${text(id)}`,
      joinedBy: "AND",
      event: { release: id, site, kind, facts },
    });
  }

  /** Leaves word for whoever holds the release. It changes nothing by itself, so that anybody who has the ledger may. */
  async ask(id: string, kind: string, facts: Facts): Promise<void> {
    const { text, now } = this.#sql;
    const values = [text(id), 0, now, text(""), text(kind), text(JSON.stringify(facts))];
    await this.#client.query(
      `INSERT INTO events (release_id, generation, at, site, kind, facts) VALUES (${values.join(", ")})`,
    );
  }

  /** All releases, the oldest first. */
  releases(): Promise<readonly Release[]> {
    return readReleases(this.#client);
  }

  async release(id: string): Promise<Release | undefined> {
    return (await this.releases()).find((release) => release.id === id);
  }

  sites(id: string): Promise<readonly ReleaseSite[]> {
    return readSites(this.#client, id);
  }

  events(id: string): Promise<readonly ReleaseEvent[]> {
    return readEvents(this.#client, id);
  }

  async #guarded({ generation }: Hold, { change, joinedBy, and, event, sites = [] }: Change): Promise<boolean> {
    const { text, now } = this.#sql;
    const { release, site = "", kind, facts } = event;
    const eventOf = (ofSite: string, ofKind: string, its: Facts) =>
      [text(release), generation, now, ...[ofSite, ofKind, JSON.stringify(its)].map(text)].join(", ");
    const siteOf = (name: string) => [...[release, name, "pending", "{}"].map(text), now].join(", ");
    const rows = await this.#client.query(
      this.#sql.guarded({
        change: and === undefined ? change : `${change} ${joinedBy} ${and}`,
        joinedBy: and === undefined ? joinedBy : "AND",
        generation,
        inserts: [
          {
            into: "events (release_id, generation, at, site, kind, facts)",
            rows: [eventOf(site, kind, facts), ...sites.map((name) => eventOf(name, "pending", {}))],
          },
          ...(sites.length === 0
            ? []
            : [{ into: "sites (release_id, site, state, facts, changed_at)", rows: sites.map(siteOf) }]),
        ],
      }),
    );
    return rows.at(-1)?.[0] === "1";
  }

  async #must(hold: Hold, what: string, change: Change) {
    if (await this.#guarded(hold, change)) {
      return;
    }
    await this.#mustHold(hold.generation);
    throw new Error(`${what}: it is not there, or no longer in that state`);
  }

  async #mustHold(generation: number): Promise<void> {
    const holder = await this.holder();
    if (holder.generation !== generation) {
      throw new Overtaken(`${holder.name} has taken over (generation ${holder.generation} after ${generation})`);
    }
  }
}
