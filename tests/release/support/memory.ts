// A ledger in memory, by the same rules, and a world of numbers: for thousands of releases in a second.
import { type Hold, Overtaken } from "../../../release/ledger/ledger.ts";
import type { Release, ReleaseEvent, ReleaseSite } from "../../../release/ledger/records.ts";
import type { Book } from "../../../release/drive/run.ts";
import { isEnd, mayFollow, siteMayFollow } from "../../../release/machine.ts";
import type { Code, Remembered, Sealed, World } from "../../../release/world.ts";

/** The life of a process: when it ends, nothing that waits goes on, and somebody is told. */
export class Life {
  #died: (() => void) | undefined;

  /** Resolves when the process that begins now has died. */
  begin(): Promise<"died"> {
    return new Promise((told) => (this.#died = () => told("died")));
  }
  end(): Promise<never> {
    this.#died?.();
    return new Promise(() => {});
  }
}

export class MemoryLedger implements Book {
  readonly rows: Release[] = [];
  readonly #sites = new Map<string, ReleaseSite[]>();
  readonly #events = new Map<string, ReleaseEvent[]>();
  #holder: Hold = { name: "", generation: 0 };
  readonly #dies: () => boolean;
  readonly #life: Life;

  /** @param dies whether the process dies at the next write, which is then not made. */
  constructor(life: Life, dies: () => boolean) {
    this.#life = life;
    this.#dies = dies;
  }

  take(name: string): Promise<Hold> {
    this.#holder = { name, generation: this.#holder.generation + 1 };
    return Promise.resolve(this.#holder);
  }
  renew = () => Promise.resolve();
  letGo = () => Promise.resolve();

  #write(hold: Hold, release: string, kind: string, facts: Remembered, site = "") {
    if (hold.generation !== this.#holder.generation) throw new Overtaken("by another");
    const events = this.#events.get(release) ?? [];
    this.#events.set(release, [...events, { at: 0, generation: hold.generation, site, kind, facts }]);
  }

  begin(hold: Hold, { id, from, facts }: Parameters<Book["begin"]>[1], sites: readonly string[]): Promise<void> {
    if (this.#dies()) return this.#life.end();
    this.#write(hold, id, "prepared", facts);
    if (this.rows.some((row) => row.id === id || !isEnd(row.state))) throw new Error("not over");
    const times = { begunAt: 0, changedAt: 0, closedAt: 0, openedAt: 0, deadline: 0, leftMs: Infinity };
    this.rows.push({ id, from, state: "prepared", reason: "", facts, ...times });
    this.#sites.set(
      id,
      sites.map((site) => ({ site, state: "pending", facts: {} })),
    );
    return Promise.resolve();
  }
  move(
    hold: Hold,
    id: string,
    [from, to]: Parameters<Book["move"]>[2],
    { reason = "", times = {} }: Parameters<Book["move"]>[3] = {},
  ): Promise<void> {
    if (this.#dies()) return this.#life.end();
    this.#write(hold, id, to, {});
    const at = this.rows.findIndex((row) => row.id === id);
    const row = this.rows[at];
    if (row?.state !== from || !mayFollow(from, to)) {
      throw new Error(`${row?.state ?? "none"}: not from ${from} to ${to}`);
    }
    const { closed, opened, deadline = row.deadline } = times;
    const [closedAt, openedAt] = [closed ? 1 : row.closedAt, opened ? 2 : row.openedAt];
    this.rows[at] = { ...row, state: to, reason: reason || row.reason, closedAt, openedAt, deadline };
    return Promise.resolve();
  }
  moveSite(
    hold: Hold,
    id: string,
    site: string,
    [from, to]: Parameters<Book["moveSite"]>[3],
    facts: Remembered = {},
  ): Promise<void> {
    if (this.#dies()) return this.#life.end();
    this.#write(hold, id, to, facts, site);
    const sites = this.#sites.get(id) ?? [];
    const known = sites.find((each) => each.site === site);
    if (known?.state !== from || (from !== to && !siteMayFollow(from, to))) {
      throw new Error(`${site}: ${from} to ${to}`);
    }
    const changed = { site, state: to, facts: { ...known.facts, ...facts } };
    const now = sites.map((each) => (each === known ? changed : each));
    this.#sites.set(id, now);
    return Promise.resolve();
  }
  note(hold: Hold, id: string, kind: string, facts: Remembered = {}, site = ""): Promise<void> {
    if (this.#dies()) return this.#life.end();
    this.#write(hold, id, kind, facts, site);
    return Promise.resolve();
  }
  /** The deadline passes. */
  expire(id: string): void {
    const at = this.rows.findIndex((row) => row.id === id);
    this.rows.splice(at, 1, ...this.rows.slice(at, at + 1).map((row) => ({ ...row, leftMs: 0 })));
  }
  ask(id: string, kind: string, facts: Remembered): Promise<void> {
    const events = this.#events.get(id) ?? [];
    this.#events.set(id, [...events, { at: 0, generation: 0, site: "", kind, facts }]);
    return Promise.resolve();
  }
  releases = () => Promise.resolve([...this.rows]);
  release = (id: string) => Promise.resolve(this.rows.find((row) => row.id === id));
  sites = (id: string) => Promise.resolve(this.#sites.get(id) ?? []);
  events = (id: string) => Promise.resolve(this.#events.get(id) ?? []);
}

interface ModelSite {
  /** Acknowledged writes. */
  rows: number;
  /** Whose code made it; `half` while it is neither. */
  schema: string;
  closed: boolean;
  flags: number;
}

export type Fate = "well" | "dies before" | "dies half way" | "dies after" | "fails";

/**
 * Sites as numbers. Users write whenever a site is open; each call may die before, half way, or after, or fail.
 * @param fate what becomes of the next call.
 */
export class ModelWorld implements World {
  readonly sites = new Map<string, ModelSite>();
  readonly #seals = new Map<string, ModelSite>();
  suspended = false;
  /** Whose code the workers run; undefined: they have ended, and their guards decide. */
  workers: string | undefined = "old";
  /** What runs, although it should not. */
  readonly restless: string[] = [];
  readonly archived = new Set<string>();
  /** Sites with a request that does not end. */
  readonly busy = new Set<string>();
  /** Sites that nobody serves. */
  readonly unserved = new Set<string>();
  /** The code of the release that is made. */
  code = "new";
  readonly problems: string[] = [];
  /** What users were told is kept, by site. */
  readonly acknowledged = new Map<string, number>();
  readonly #fate: (call: string) => Fate;
  readonly #life: Life;

  constructor(life: Life, standing: readonly string[], fate: (call: string) => Fate) {
    this.#life = life;
    this.#fate = fate;
    for (const site of standing) {
      this.sites.set(site, { rows: 10, schema: "old", closed: false, flags: standing.indexOf(site) });
      this.acknowledged.set(site, 10);
    }
  }

  /** Users write to whatever is open; the answer is an error on a site that is half migrated. */
  users(): void {
    for (const [name, site] of this.sites) {
      if (!site.closed && site.schema !== "half") {
        site.rows += 1;
        this.acknowledged.set(name, (this.acknowledged.get(name) ?? 0) + 1);
      }
    }
  }

  #call<Result>(name: string, half: () => void, whole: () => Result): Promise<Result> {
    this.users();
    const fate = this.#fate(name);
    if (fate === "dies before") return this.#life.end();
    if (fate === "dies half way") {
      half();
      return this.#life.end();
    }
    if (fate === "fails") {
      half();
      return Promise.reject(new Error(`${name} fails`));
    }
    const result = whole();
    if (fate === "dies after") return this.#life.end();
    return Promise.resolve(result);
  }
  #site(name: string): ModelSite {
    const site = this.sites.get(name);
    if (site === undefined) throw new Error(`no site ${name}`);
    return site;
  }
  readonly #nothing = () => {};

  inspect: World["inspect"] = () =>
    this.#call("inspect", this.#nothing, () => ({
      standing: [...this.sites.keys()],
      problems: this.problems,
      facts: { code: this.image },
    }));
  /** Hashes of the image's code. */
  image: Code = { frappe: { patches: "1", hooks: "1" } };
  /** Sites whose cache was cleared for the new code. */
  readonly refreshed = new Set<string>();
  refresh = (site: string) => this.#call(`refresh ${site}`, this.#nothing, () => void this.refreshed.add(site));
  alone = () => this.#call("alone", this.#nothing, () => undefined);
  backUp = (site: string) => this.#call(`backUp ${site}`, this.#nothing, () => this.#snapshot(site));
  flagsOf = (site: string) => this.#call("flagsOf", this.#nothing, () => ({ flags: this.#site(site).flags }));
  untilClosed = (site: string) =>
    this.#call(`untilClosed ${site}`, this.#nothing, () => {
      if (!this.#site(site).closed) throw new Error(`${site} is not closed`);
      return this.unserved.has(site) ? ("unserved" as const) : ("closed" as const);
    });
  close = (site: string) =>
    this.#call(
      `close ${site}`,
      () => void (this.#site(site).flags = 99),
      () => void Object.assign(this.#site(site), { closed: true, flags: 99 }),
    );
  refuseOpened = (site: string) =>
    this.#call(`refuseOpened ${site}`, this.#nothing, () => {
      if (!this.#site(site).closed) throw new Error(`${site}: somebody has opened it meanwhile`);
    });
  quiet = (site: string) =>
    this.#call(`quiet ${site}`, this.#nothing, () => {
      if (this.busy.has(site)) throw new Error(`${site}: somebody is still at work`);
    });
  open = (site: string, { flags = 0 }: Remembered) =>
    this.#call(`open ${site}`, this.#nothing, () => void Object.assign(this.#site(site), { closed: false, flags }));
  queueState = () => this.#call("queueState", this.#nothing, () => ({ suspended: this.suspended }));
  drain = () => {
    const suspend = () => void (this.suspended = true);
    return this.#call("drain", suspend, suspend);
  };
  still = () =>
    this.#call("still", this.#nothing, () => {
      if (this.restless.length > 0) throw new Error(`writes are closed, and yet: ${this.restless.join("; ")}`);
    });
  endChecks = () => this.#call("endChecks", this.#nothing, () => undefined);
  endWorkers = () => this.#call("endWorkers", this.#nothing, () => void (this.workers = undefined));
  keep = (site: string) => this.#call(`keep ${site}`, this.#nothing, () => void this.archived.delete(site));
  toArchive = (site: string) =>
    this.#call(`toArchive ${site}`, this.#nothing, () => this.sites.has(site) && !this.archived.has(site));
  archive = (site: string) => this.#call(`archive ${site}`, this.#nothing, () => void this.archived.add(site));
  revive = (site: string) => this.#call(`revive ${site}`, this.#nothing, () => void this.archived.delete(site));
  resume = ({ suspended = false }: Remembered) =>
    this.#call("resume", this.#nothing, () => void (this.suspended = suspended as boolean));
  #snapshot(site: string): Sealed {
    const snapshot = `s${this.#seals.size}`;
    this.#seals.set(snapshot, { ...this.#site(site) });
    return { snapshot, tables: 1, rows: this.#site(site).rows };
  }
  seal = (site: string) => this.#call(`seal ${site}`, this.#nothing, () => this.#snapshot(site));
  migrate = (site: string) => {
    const { schema } = this.#site(site);
    // A patch that is half done and begins anew would be done twice.
    if (schema === "half" || schema === this.code) throw new Error(`migrate of ${site} begins on ${schema}`);
    return this.#call(
      `migrate ${site}`,
      () => Object.assign(this.#site(site), { schema: "half", rows: -1 }),
      () => void (this.#site(site).schema = this.code),
    );
  };
  create = (site: string) => {
    const make = (schema: ModelSite["schema"]) => () =>
      void this.sites.set(site, { rows: 0, schema, closed: true, flags: 0 });
    return this.#call(`create ${site}`, make("half"), make(this.code));
  };
  check = (site: string) =>
    this.#call(`check ${site}`, this.#nothing, () => {
      if (this.#site(site).schema !== this.code) throw new Error(`${site} is not well`);
    });
  lostSeals = (seals: ReadonlyMap<string, Sealed>) =>
    this.#call("lostSeals", this.#nothing, () =>
      [...seals].flatMap(([site, { snapshot }]) => (this.#seals.has(snapshot) ? [] : [`${site}: ${snapshot} is gone`])),
    );
  /** The repository forgets a snapshot. */
  forget = (snapshot: string) => this.#seals.delete(snapshot);
  rehearse = (site: string, { snapshot }: Sealed) =>
    this.#call(`rehearse ${site}`, this.#nothing, () => {
      if (!this.#seals.has(snapshot)) throw new Error(`${snapshot} is gone`);
    });
  returnTo = (site: string, sealed: Sealed) => this.#putBack("returnTo", site, sealed);
  restore = (site: string, sealed: Sealed) => this.#putBack("restore", site, sealed);
  #putBack(verb: string, site: string, { snapshot }: Sealed) {
    return this.#call(
      `${verb} ${site}`,
      () => Object.assign(this.#site(site), { schema: "half", rows: -2 }),
      () => {
        const { rows, schema } = this.#seals.get(snapshot) ?? { rows: -3, schema: "half" };
        Object.assign(this.#site(site), { rows, schema });
      },
    );
  }
  remove = (site: string) => this.#call(`remove ${site}`, this.#nothing, () => void this.sites.delete(site));
}
