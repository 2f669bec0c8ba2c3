/**
 * Checks that are made elsewhere, each in an image of its own: the step's log asks for them, whoever follows it has them made, and runs the
 * step again with what they came to.
 */
import { info } from "../../backup/log.ts";
import { type AskedCheck, type CheckOutcome, checksEvent, longestProblem } from "../../constants/checks.ts";
import type { ReleaseCheck, ReleaseJob } from "../job.ts";

export interface Made {
  /** Undefined: it is good. */
  readonly problem: string | undefined;
  readonly seconds: number;
}

type Elsewhere = Extract<ReleaseCheck, { kind: "image" }>;

export const madeElsewhere = ({ checks = [] }: Pick<ReleaseJob, "checks">): readonly Elsewhere[] =>
  checks.filter((check) => check.kind === "image");

/** Asks whoever follows the step. */
export function askFor(release: string, checks: readonly Elsewhere[]): void {
  const asked = checks.map(({ name, limit }): AskedCheck => ({ name, limit }));
  info(checksEvent, { release, checks: asked });
}

const expected = 'expected a list of {"name", "ok", "seconds", "problem"?} under --checked';

function isOutcome(value: unknown): value is CheckOutcome {
  if (typeof value !== "object" || value === null) return false;
  const { name, ok, seconds, problem, ...more } = value as Record<string, unknown>;
  return (
    typeof name === "string" &&
    typeof ok === "boolean" &&
    typeof seconds === "number" &&
    seconds >= 0 &&
    (ok ? problem === undefined : typeof problem === "string" && problem.length <= longestProblem) &&
    Object.keys(more).length === 0
  );
}

/** Reads what the step is told. @throws where it is not of each check that is declared, once, and of no other */
export function readOutcomes(text: string, job: Pick<ReleaseJob, "checks">): readonly CheckOutcome[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new Error(`${expected}, got no JSON`);
  }
  if (!Array.isArray(given) || !given.every(isOutcome)) throw new Error(`${expected}, got something else`);
  const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name).sort();
  const [told, declared] = [names(given), names(madeElsewhere(job))];
  if (JSON.stringify(told) !== JSON.stringify(declared)) {
    const list = (all: readonly string[]) => all.join(", ") || "none";
    throw new Error(`--checked: expected outcomes of ${list(declared)}, got ${list(told)}; run \`pulumi up\` again`);
  }
  return given;
}

/** What a check came to, by what the step was told. */
export function outcomeElsewhere(outcomes: readonly CheckOutcome[], name: string): Made {
  const outcome = outcomes.find((each) => each.name === name);
  if (outcome === undefined) throw new Error(`check ${name} was not made`);
  return { problem: outcome.ok ? undefined : (outcome.problem ?? "it says no more"), seconds: outcome.seconds };
}
