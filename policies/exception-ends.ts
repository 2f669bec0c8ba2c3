/** An exception is for one release, and for soon: what is agreed for longer is another rule. Its form is the stack file's to check. */
import type { Exception } from "../gates/declared.ts";
import { endsTooLate, mostDays } from "../gates/exception.ts";
import { type Clock, machineClock } from "./shared/clock.ts";
import { at, text } from "./shared/known.ts";
import { judgeManifest } from "./shared/manifest.ts";
import type { Rule } from "./shared/rule.ts";

function problemsOf(facts: unknown, now: number): readonly string[] {
  const exception = at(facts, "gates", "exception");
  if (exception === undefined) return [];
  const until = text(at(exception, "until")) ?? "";
  if (Number.isNaN(Date.parse(until))) return ["the exception has no end"];
  return endsTooLate(exception as Exception, now)
    ? [`the exception ends at ${until}, more than ${mostDays} days ahead`]
    : [];
}

export const exceptionEndsAt = (now: Clock): Rule => ({
  name: "frappe-exception-ends",
  description: "An exception from a release's gates ends within 30 days.",
  remedy: "Set frappe:release.exception.until to a nearer moment, or take the exception out",
  judge: (resource) => judgeManifest(resource, (facts) => problemsOf(facts, now())),
});

export const exceptionEnds = exceptionEndsAt(machineClock);
