/** Mocha's spec output, then the tests by kind (folder of tests/), what was skipped, and one plain line of totals. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export const none = (): Counts => ({ passed: 0, failed: 0, skipped: 0 });
export const totals = (counts: Counts): string =>
  `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;

/** `tests/config/parse.spec.ts` → `config`. A hook that fails has its file on its suite. */
function kindOf(test: Mocha.Runnable): string {
  const file = test.file ?? test.parent?.file;
  return file === undefined
    ? "other"
    : (path.relative(path.resolve("tests"), file).split(path.sep, 1)[0] ?? "other").replace(/\.spec\.ts$/, "");
}

export function table(kinds: ReadonlyMap<string, Counts>): string {
  const width = Math.max(4, ...[...kinds.keys()].map((kind) => kind.length));
  const row = (kind: string, ...cells: readonly (string | number)[]) =>
    `  ${kind.padEnd(width)}${cells.map((cell) => String(cell).padStart(9)).join("")}`;
  const rows = [...kinds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, counts]) => row(kind, counts.passed, counts.failed, counts.skipped));
  return [row("kind", "passed", "failed", "skipped"), ...rows].join("\n");
}

/** `--reporter-option counts=<file>`: write the totals there instead of printing them last (tests/run.ts adds its own). */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const kinds = new Map<string, Counts>();
    const skipped: string[] = [];
    const count = (test: Mocha.Runnable, outcome: keyof Counts) => {
      const counts = kinds.get(kindOf(test)) ?? none();
      counts[outcome] += 1;
      kinds.set(kindOf(test), counts);
    };
    runner.on("pass", (test) => count(test, "passed"));
    runner.on("fail", (test) => count(test, "failed"));
    runner.on("pending", (test) => {
      count(test, "skipped");
      skipped.push(test.fullTitle());
    });
    runner.once("end", () => {
      const sum = none();
      for (const counts of kinds.values()) {
        for (const outcome of ["passed", "failed", "skipped"] as const) sum[outcome] += counts[outcome];
      }
      const lines = [table(kinds), ...skipped.map((title) => `  SKIPPED: ${title}`)];
      process.stdout.write(`${lines.join("\n")}\n\n`);
      const { counts } = (options.reporterOptions ?? {}) as { counts?: string };
      if (counts === undefined) process.stdout.write(`${totals(sum)}\n`);
      else writeFileSync(counts, JSON.stringify(sum));
    });
  }
}
