/** What earlier releases have against one that is to begin, by the ledger alone. */
import { isCodeOnly } from "../../constants/strategies.ts";
import type { Kinds } from "../../gates/declared.ts";
import type { Facts, Release } from "../ledger/records.ts";
import type { Past } from "../world.ts";
import type { Book } from "./run.ts";

interface App {
  readonly name: string;
  readonly version: string;
}

const appsOf = ({ apps }: Facts): readonly App[] => (Array.isArray(apps) ? (apps as readonly App[]) : []);

/** An image by its digest, so that a registry's other name for it makes no other one. */
const imageOf = ({ image }: Facts): string => String(image).split("@").at(-1) ?? "";

/** For an inspection of the world. */
export async function pastOf(ledger: Pick<Book, "releases" | "sites">): Promise<Past> {
  const releases = await ledger.releases();
  let backedUp = false;
  for (const { id } of releases.toReversed()) {
    backedUp = (await ledger.sites(id)).some(({ facts }) => "backup" in facts || "seal" in facts);
    if (backedUp) break;
  }
  const stood = releases.filter(({ state }) => state === "confirmed");
  const stands = stood.at(-1);
  return {
    first: stands === undefined,
    backedUp,
    ...(stands !== undefined && {
      stands: {
        id: stands.id,
        kinds: stands.facts["kinds"] as Partial<Kinds> | undefined,
        stood: stood.map(({ facts }) => ({ image: imageOf(facts), apps: appsOf(facts) })),
      },
    }),
  };
}

/** Why a release may not follow those that were, each with its remedy. One that goes back on purpose has rules of its own (undo-rules.ts). */
export function againstFollowing(releases: readonly Release[], wanted: Facts): readonly string[] {
  if (typeof wanted["rollbackTo"] === "string") return [];
  // Code alone goes back by itself: that its schema is the same is what such a release is checked for.
  const older = isCodeOnly(wanted["strategy"]) ? [] : downgrades(releases, wanted);
  return [...attemptsLowered(releases, wanted), ...older];
}

function attemptsLowered(releases: readonly Release[], wanted: Facts): readonly string[] {
  const same = releases.filter(({ facts }) => imageOf(facts) === imageOf(wanted));
  const highest = Math.max(0, ...same.map(({ facts }) => Number(facts["attempt"]) || 0));
  const before = same.findLast(({ facts }) => facts["attempt"] === highest);
  return before !== undefined && Number(wanted["attempt"]) < highest
    ? [
        `frappe:release.attempt is ${String(wanted["attempt"])}, and release ${before.id} of the same image was attempt ${highest} ` +
          `(${before.state}): set it to ${before.state === "confirmed" ? highest : highest + 1}`,
      ]
    : [];
}

function downgrades(releases: readonly Release[], wanted: Facts): readonly string[] {
  const stands = releases.findLast(({ state }) => state === "confirmed");
  if (stands === undefined) return [];
  const before = new Map(appsOf(stands.facts).map(({ name, version }) => [name, version]));
  return appsOf(wanted).flatMap(({ name, version }) => {
    const stood = before.get(name);
    return stood !== undefined && isOlder(version, stood)
      ? [
          `the image has ${name} ${version}, and release ${stands.id} runs ${stood}: a schema does not go back by itself; ` +
            "release an image that is as new, or go back on purpose by frappe:release.rollbackTo",
        ]
      : [];
  });
}

/** Numbers of a version, and what it is before (`beta.1`); undefined for what is none (`develop`). */
const versionOf = (text: string) => {
  const [, numbers = "", before = ""] = /^v?(\d+(?:\.\d+)*)(?:-([0-9a-z.-]+))?(?:\+.*)?$/i.exec(text) ?? [];
  return numbers === "" ? undefined : { numbers: numbers.split(".").map(Number), before };
};

/** Whether a version comes before another; never, where one of them cannot be read. */
export function isOlder(one: string, other: string): boolean {
  const [a, b] = [versionOf(one), versionOf(other)];
  if (a === undefined || b === undefined) return false;
  for (let at = 0; at < Math.max(a.numbers.length, b.numbers.length); at++) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  if (a.before === b.before || a.before === "") return false;
  return b.before === "" || a.before.localeCompare(b.before, "en", { numeric: true }) < 0;
}
