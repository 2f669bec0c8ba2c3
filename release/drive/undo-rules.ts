/** What speaks against a rollback on purpose, by the ledger alone. */
import { isCodeOnly } from "../../constants/strategies.ts";
import type { Facts, Release } from "../ledger/records.ts";

const remedy = "frappe:release.rollbackTo";

/** Releases that may be gone back to, the newest first. */
const candidates = (releases: readonly Release[]): readonly string[] =>
  releases
    .filter(({ state }) => state === "confirmed")
    .filter((_, index, stood) => stood[index + 1] !== undefined && !isOfCode(stood[index + 1]))
    .map(({ id }) => id)
    .toReversed();

const isOfCode = (release: Release | undefined): boolean => isCodeOnly(release?.facts["strategy"]);

/** Why nothing was sealed when a release was left, and what to do instead; undefined: it was left by one that migrates, or by none. */
function leftByCode(releases: readonly Release[], target: string): string | undefined {
  const stood = releases.filter(({ state }) => state === "confirmed");
  const after = stood.slice(stood.findIndex(({ id }) => id === target) + 1);
  const [next] = after;
  if (next === undefined || !isOfCode(next)) return undefined;
  const until = after.findIndex((release) => !isOfCode(release));
  const code =
    "declare its image again with frappe:release.strategy rolling and without frappe:release.rollbackTo (raise frappe:release.attempt)";
  const way =
    until === -1 ? code : `go back to release ${after[until - 1]?.id} first, which has the same schema; then ${code}`;
  return `${remedy}: release ${target} was left by release ${next.id}, which changed code alone (${String(next.facts["strategy"])}) and sealed nothing: ${way}`;
}

/** Why nothing can go back there at all; undefined: it can. */
export function refusal(releases: readonly Release[], target: string, wanted: Facts): string | undefined {
  const known = releases.find(({ id }) => id === target);
  const stands = releases.findLast(({ state }) => state === "confirmed");
  const others = candidates(releases).join(", ") || "none";
  if (known === undefined) {
    return `${remedy}: release ${target} is not in the ledger; it can go back to: ${others}`;
  }
  if (known.state !== "confirmed") {
    return `${remedy}: release ${target} never stood (${known.state}); it can go back to: ${others}`;
  }
  if (stands?.id === target) {
    return `${remedy}: release ${target} is the one that stands; take the key out, or name another: ${others}`;
  }
  const code = leftByCode(releases, target);
  if (code !== undefined) return code;
  // A key that was left in the stack file would give up, with the next change, whatever was written since.
  if (stands?.facts["rollbackTo"] === target && Number(wanted["attempt"]) <= Number(stands.facts["attempt"])) {
    return (
      `${remedy}: release ${stands.id} has gone back to ${target} already; take the key out for the next release, ` +
      "or raise frappe:release.attempt to go back once more, without what was written since"
    );
  }
  return undefined;
}

/** Digest of an image; all of it where it has none. */
const digestOf = (image: unknown): string => String(image).split("@").at(-1) ?? "";

/** Apps and their versions, in the order of the alphabet: that of installation makes no other code. */
const appsOf = ({ apps }: Facts): string =>
  (Array.isArray(apps) ? (apps as readonly { name: string; version: string }[]) : [])
    .map(({ name, version }) => `${name} ${version}`)
    .sort()
    .join(", ");

/** What the stack file has otherwise than the target had: its data fit its own code only. */
export function differences({ id, facts }: Release, wanted: Facts): readonly string[] {
  return [
    ...(digestOf(wanted["image"]) === digestOf(facts["image"])
      ? []
      : [
          `frappe:image is ${String(wanted["image"])}, and release ${id} ran ${String(facts["image"])}: put that image into the stack file`,
        ]),
    ...(appsOf(wanted) === appsOf(facts)
      ? []
      : [
          `frappe:image.apps are ${appsOf(wanted) || "none"}, and those of release ${id} were ${appsOf(facts) || "not recorded"}: put those into the stack file`,
        ]),
  ];
}
