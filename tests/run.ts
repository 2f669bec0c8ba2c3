/**
 * `npm test`: lint, types and format, then every test but tests/cluster. A step that fails does not hide the next one.
 * The last line is plain: `N passed, N failed, N skipped`, the steps counted too.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { environment } from "../engine/environment.ts";
import { type Counts, none, totals } from "./support/reporter.ts";

const repository = path.resolve(import.meta.dirname, "..");
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Runs one step with its output shown as it comes; true when it ended well. */
function step(name: string, command: string, ...args: string[]): boolean {
  say(`\n=== ${name}`);
  const started = performance.now();
  const { status, signal, error } = spawnSync(command, args, {
    cwd: repository,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const ending = error?.message ?? (signal === null ? `exit ${status}` : `ended by ${signal}`);
  say(`=== ${name}: ${status === 0 ? "passed" : `FAILED (${ending})`} in ${seconds} s`);
  return status === 0;
}

/** Mocha writes its counts to a file; where there is none, or it failed with no test failing, that is one failure. */
function mocha(): Counts {
  const scratch = mkdtempSync(path.join(tmpdir(), "frappe-tests-"));
  const file = path.join(scratch, "counts.json");
  const bin = path.join(repository, "node_modules/mocha/bin/mocha.js");
  try {
    // A test that is skipped fails in CI: what it lacks must be installed by the tests themselves.
    const strict = environment.isCi() ? ["--forbid-only", "--forbid-pending"] : ["--forbid-only"];
    const args = [...strict, "--reporter-option", `counts=${file}`, "tests/**/*.spec.ts"];
    const ended = step("tests", process.execPath, bin, ...args);
    const counts = readCounts(file);
    return !ended && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function readCounts(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Counts;
  } catch {
    say("=== tests: no result was written; mocha ended before its end");
    return { ...none(), failed: 1 };
  }
}

const npm = (script: string) => step(script, "npm", "run", "--silent", script);

const checks = ["lint", "types", "format:check"].map(npm);
const counts = mocha();
counts.passed += checks.filter((passed) => passed).length;
counts.failed += checks.filter((passed) => !passed).length;
if (counts.failed > 0) process.exitCode = 1;
say(`\n${totals(counts)}`);
