/** The facts of a release, as the program has written them down for whoever judges it. */
import { labels } from "../../constants/labels.ts";
import { at, fields, notKnown, text } from "./known.ts";
import type { Resource } from "./rule.ts";

export const isManifest = ({ props }: Resource): boolean =>
  at(props, "metadata", "labels", labels.releaseManifest) === "true";

/** @returns `notKnown` where only the update will know it; undefined where it is none, or cannot be read. */
function parsed({ props }: Resource): unknown {
  const written = at(props, "data", "release.json");
  if (written === notKnown) return notKnown;
  try {
    return JSON.parse(text(written) ?? "") as unknown;
  } catch {
    return undefined;
  }
}

/** What a rule has to say about the facts; about anything else nothing. Facts that cannot be read do not pass for good. */
export function judgeManifest(
  resource: Resource,
  problemsOf: (facts: unknown) => readonly string[],
): readonly string[] {
  if (!isManifest(resource)) return [];
  const facts = parsed(resource);
  if (facts === notKnown) return ["release.json is not known in a preview, so nobody can judge it"];
  return text(fields(facts)["releaseId"]) === undefined
    ? ["release.json: expected the facts of a release as JSON"]
    : problemsOf(facts);
}
