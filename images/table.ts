/** What the command prints: one line per pin, and below it why some have no answer and what to do. */
import { type Pin, reference } from "./pins.ts";
import type { Resolution } from "./registry.ts";

export interface Row extends Pin {
  readonly resolution: Resolution;
}

export const isMoved = ({ digest, resolution }: Row): boolean =>
  resolution.kind === "resolved" && resolution.digest !== digest;

const state = (row: Row): string => {
  if (row.resolution.kind === "unresolved") return "unresolved";
  const one = row.resolution.platforms === "one" ? ", one architecture only" : "";
  return `${isMoved(row) ? "moved" : "same"}${one}`;
};

/** Enough of a digest to tell two apart; the files have them whole. */
const short = (digest: string): string => digest.slice(0, "sha256:".length + 12);

export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.repository,
    row.tag,
    short(row.digest),
    row.resolution.kind === "resolved" ? short(row.resolution.digest) : "-",
    state(row),
    row.file,
  ]);
  const lines = [["image", "tag", "pinned", "resolved", "state", "file"], ...cells];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function summary(rows: readonly Row[], written: boolean): string {
  const moved = rows.filter(isMoved);
  const reasons = new Map(
    rows.flatMap((row) =>
      row.resolution.kind === "unresolved"
        ? [[reference(row), `${row.resolution.reason}; ${row.resolution.remedy}`] as const]
        : [],
    ),
  );
  const same = rows.filter((row) => row.resolution.kind === "resolved" && !isMoved(row)).length;
  const unresolved = rows.length - same - moved.length;
  const change = written ? "written" : "moved";
  return [
    "",
    ...[...reasons].map(([image, reason]) => `${image}: ${reason}`),
    `${same} same, ${moved.length} ${change}, ${unresolved} unresolved${unresolved > 0 ? " (left as pinned)" : ""}`,
    ...(moved.length > 0 && !written ? ["read what changed upstream, then run it again with --write"] : []),
    ...(moved.length > 0 && written ? ["goldens show the new digests: run npm run golden and read its diff"] : []),
  ].join("\n");
}
