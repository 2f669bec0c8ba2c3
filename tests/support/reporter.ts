/** Mocha's spec output, then the tests by kind (folder of tests/), what was skipped, and one plain line of totals. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What one run of Mocha leaves for who started it. */
export interface Results {
  readonly kinds: Readonly<Record<string, Counts>>;
  /** Titles of the tests that were skipped. */
  readonly skipped: readonly string[];
  readonly failures: readonly { readonly title: string; readonly said: string }[];
  /** Of Mocha and every process that it waited for. */
  readonly cpuSeconds: number;
}

export const none = (): Counts => ({ passed: 0, failed: 0, skipped: 0 });
export const totals = (counts: Counts): string =>
  `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;

export function add(sum: Counts, more: Counts): void {
  for (const outcome of ["passed", "failed", "skipped"] as const) sum[outcome] += more[outcome];
}

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

/** proc(5), /proc/self/stat: user and system time, ours and that of children that ended, in ticks of 10 ms. */
function cpuSeconds(): number {
  if (process.platform !== "linux") return process.cpuUsage().user / 1e6;
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** `--reporter-option results=<file>`: write the results there instead of printing them last (support/mocha.ts prints its own). */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const kinds = new Map<string, Counts>();
    const skipped: string[] = [];
    const failures: { title: string; said: string }[] = [];
    const count = (test: Mocha.Runnable, outcome: keyof Counts) => {
      const counts = kinds.get(kindOf(test)) ?? none();
      counts[outcome] += 1;
      kinds.set(kindOf(test), counts);
    };
    runner.on("pass", (test) => count(test, "passed"));
    runner.on("fail", (test, error: Error) => {
      count(test, "failed");
      failures.push({ title: test.fullTitle(), said: error.stack ?? error.message });
    });
    runner.on("pending", (test) => {
      count(test, "skipped");
      skipped.push(test.fullTitle());
    });
    runner.once("end", () => {
      const { results } = (options.reporterOptions ?? {}) as { results?: string };
      if (results !== undefined) {
        const all: Results = { kinds: Object.fromEntries(kinds), skipped, failures, cpuSeconds: cpuSeconds() };
        writeFileSync(results, JSON.stringify(all));
        return;
      }
      const sum = none();
      for (const counts of kinds.values()) add(sum, counts);
      const lines = [table(kinds), ...skipped.map((title) => `  SKIPPED: ${title}`)];
      process.stdout.write(`${lines.join("\n")}\n\n${totals(sum)}\n`);
    });
  }
}
