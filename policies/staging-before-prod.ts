/**
 * Where a stack asks for it, an image has stood in staging before. The rule compares what the stack file says; whether that is true, a
 * person can look up (docs/policies.md). The runner compares it once more, before anything is changed.
 */
import type { Proof } from "../gates/declared.ts";
import { type App, unproven } from "../gates/proof.ts";
import { type Clock, machineClock } from "./shared/clock.ts";
import { at, fields, items, text } from "./shared/known.ts";
import { judgeManifest } from "./shared/manifest.ts";
import type { Rule } from "./shared/rule.ts";

const word = (value: unknown, ...path: string[]): string => text(at(value, ...path)) ?? "";

const proofIn = (gates: unknown): Proof | undefined =>
  at(gates, "proof") === undefined
    ? undefined
    : {
        bench: word(gates, "proof", "bench"),
        release: word(gates, "proof", "release"),
        digest: word(gates, "proof", "digest"),
        apps: fields(at(gates, "proof", "apps")) as Proof["apps"],
        confirmedAt: word(gates, "proof", "confirmedAt"),
      };

/** Whether its end has come is asked when the release begins: after that it holds for what stands. */
const passes = (facts: unknown): boolean =>
  at(facts, "gates", "exception", "release") === at(facts, "releaseId") &&
  items(at(facts, "gates", "exception", "gates")).includes("staging");

function problemsOf(facts: unknown, now: number): readonly string[] {
  const staging = at(facts, "gates", "staging");
  // A way back waits for nothing. One of code alone cannot be told from here: only the ledger knows what has stood.
  if (staging === undefined || at(facts, "rollbackTo") !== undefined || passes(facts)) return [];
  const released = { image: word(facts, "image"), apps: items(at(facts, "apps")) as readonly App[] };
  const asked = { bench: word(staging, "bench"), hours: Number(at(staging, "hours")) };
  const problem = unproven(asked, proofIn(at(facts, "gates")), released, now);
  return problem === undefined ? [] : [problem];
}

export const stagingBeforeProdAt = (now: Clock): Rule => ({
  name: "frappe-staging-before-prod",
  description: "Where frappe:release.gates.staging asks for it, the image has stood there, with the same apps.",
  remedy:
    "A way back to an image that stood here takes the proof that it came with. Or let this one release pass by frappe:release.exception with its id, which the preview shows, and gates: [staging]",
  judge: (resource) => judgeManifest(resource, (facts) => problemsOf(facts, now())),
});

export const stagingBeforeProd = stagingBeforeProdAt(machineClock);
