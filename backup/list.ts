/** Prints the snapshots, for people or as JSON. */
import type { Context } from "./context.ts";
import { manifestOf, short } from "./manifest.ts";
import { snapshotsOf } from "./repository.ts";

export interface ListRequest {
  readonly site: string | undefined;
  readonly json: boolean;
}

/** Oldest first, under the ids that restic finds them by. The bytes are those of the dump. */
export async function listSnapshots(context: Context, { site, json }: ListRequest): Promise<void> {
  const snapshots = (await snapshotsOf(context)).filter((each) => site === undefined || each.site === site);
  const rows = [];
  for (const snapshot of snapshots) {
    const { current, time, kind, verified } = snapshot;
    const bytes = snapshot.bytes ?? (await manifestOf(context, snapshot)).dumpBytes;
    rows.push({ id: short(current), site: snapshot.site, time, kind, verified, bytes });
  }
  process.stdout.write(json ? `${JSON.stringify(rows, undefined, 1)}\n` : table(rows.map((row) => Object.values(row))));
}

const heads = ["id", "site", "time", "kind", "verified", "bytes"];

function table(rows: readonly (readonly unknown[])[]): string {
  const cells = [
    heads,
    ...rows.map((row) => row.map((each) => (each === true ? "yes" : each === false ? "NO" : String(each)))),
  ];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
