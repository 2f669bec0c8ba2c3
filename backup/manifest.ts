/** What lies beside each dump in a snapshot: what it is, and what must come out of it. */
import path from "node:path";
import type { Context } from "./context.ts";
import { type Snapshot, textInSnapshot } from "./repository.ts";

export interface Manifest {
  readonly site: string;
  readonly schema: string;
  readonly engine: "mariadb" | "postgres";
  readonly serverVersion: string;
  /** Rows of each table, counted in the dump. */
  readonly tables: Readonly<Record<string, number>>;
  readonly dumpBytes: number;
  readonly dumpSha256: string;
  readonly takenAt: string;
  /** What Frappe says is installed, where it says so. */
  readonly apps: readonly string[];
  /** The job's, where it names one. */
  readonly release?: string;
}

export const manifestName = "manifest.json";
export const dumpName = "database.sql";

/** Where a snapshot keeps what ends in `/<name>`; undefined when it has none. */
export const pathIn = (snapshot: Snapshot, name: string): string | undefined =>
  snapshot.paths.find((each) => each.endsWith(path.join("/", name)));

export async function manifestOf(context: Context, snapshot: Snapshot): Promise<Manifest> {
  const file = pathIn(snapshot, manifestName);
  if (file === undefined) throw new Error(`snapshot ${short(snapshot.id)} has no ${manifestName}`);
  return JSON.parse(await textInSnapshot(context, snapshot, file)) as Manifest;
}

/** A snapshot's id as people write it. */
export const short = (id: string): string => id.slice(0, 8);

/** Rows of all tables. */
export const rowsOf = (tables: Manifest["tables"]): number =>
  Object.values(tables).reduce((sum, each) => sum + each, 0);
