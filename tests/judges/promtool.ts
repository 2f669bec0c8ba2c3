/** Judges rules by the real promtool: whether Prometheus takes them, and what fires over series that a test writes. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { requireTool } from "../support/tools.ts";

export interface Verdict {
  readonly ok: boolean;
  readonly output: string;
}

/** Series and their values a minute, in promtool's notation (`1x60`, `0+5x10`, `_x3`). */
export type SeriesValues = Readonly<Record<string, string>>;

export interface ExpectedAlert {
  /** All labels but the alert's name. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleTest {
  readonly name: string;
  readonly series: SeriesValues;
  /** Minutes after the first value. */
  readonly at: number;
  /** All that must fire of each alert named, and nothing more. */
  readonly expect: Readonly<Record<string, readonly ExpectedAlert[]>>;
}

/** Runs promtool in a folder of its own that holds the files. */
async function promtool(argv: readonly string[], files: Readonly<Record<string, string>>): Promise<Verdict> {
  const program = requireTool("promtool");
  const folder = await mkdtemp(path.join(tmpdir(), "promtool-"));
  try {
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(path.join(folder, name), text)));
    return await new Promise((resolve) => {
      execFile(program, argv, { cwd: folder, timeout: 60_000 }, (error, stdout, stderr) => {
        resolve({ ok: error === null, output: stdout + stderr });
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `promtool check rules`, its warnings counted as faults. */
export const checkRules = (rules: string): Promise<Verdict> =>
  promtool(["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"], { "rules.yml": rules });

/** `promtool test rules`; the verdict names each test that went otherwise. */
export function testRules(rules: string, tests: readonly RuleTest[]): Promise<Verdict> {
  const plan = {
    rule_files: ["rules.yml"],
    evaluation_interval: "1m",
    tests: tests.map(({ name, series, at, expect }) => ({
      name,
      interval: "1m",
      input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
      alert_rule_test: Object.entries(expect).map(([alertname, alerts]) => ({
        alertname,
        eval_time: `${at}m`,
        exp_alerts: alerts.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations })),
      })),
    })),
  };
  // JSON is YAML.
  return promtool(["test", "rules", "test.yml"], { "rules.yml": rules, "test.yml": JSON.stringify(plan) });
}
