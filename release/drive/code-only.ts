/** What speaks against a release of code only, by the ledger alone: nothing of it may need a migration (docs/adr/0014). */
import { isDeepStrictEqual } from "node:util";
import { isCodeOnly } from "../../constants/strategies.ts";
import type { Facts, Release } from "../ledger/records.ts";
import type { Code } from "../world.ts";

/** What of a site a release brings about, by its name, in a release's facts. */
export const declaredIn = ({ declared }: Facts): Facts => (declared ?? {}) as Facts;
const codeIn = ({ code }: Facts): Code | undefined => code as Code | undefined;

const remedy = "take frappe:release.strategy blueGreen";

export interface Asked {
  /** Of the release that is to begin: its strategy, the code of its image, its sites as they are declared. */
  readonly facts: Facts;
  /** Sites that are to be active with it. */
  readonly sites: readonly string[];
  /** Those of them that are there. */
  readonly standing: readonly string[];
}

/** Why it may not begin, each with its remedy; none for releases that migrate. */
export function againstCodeOnly(releases: readonly Release[], asked: Asked): readonly string[] {
  const { strategy } = asked.facts;
  if (!isCodeOnly(strategy)) return [];
  const stands = releases.findLast(({ state }) => state === "confirmed");
  if (stands === undefined) {
    return [
      `frappe:release.strategy is ${String(strategy)}, and no release stands yet, whose sites it could go on with: ${remedy}`,
    ];
  }
  const [before, now] = [codeIn(stands.facts), codeIn(asked.facts)];
  if (before === undefined || now === undefined) {
    return [
      `frappe:release.strategy is ${String(strategy)}, and of ${before === undefined ? `release ${stands.id}` : "the image"} it is not known whether its code needs a migration: ${remedy} this time, which records it`,
    ];
  }
  return [...otherCode(before, now, stands.id), ...otherSites(stands, asked)].map(
    (problem) => `${problem}: frappe:release.strategy ${String(strategy)} migrates nothing; ${remedy}`,
  );
}

function otherCode(before: Code, now: Code, id: string): readonly string[] {
  const apps = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return apps.flatMap((app) => {
    const [old, wanted] = [before[app], now[app]];
    if (old === undefined) return [`${app}: release ${id} does not have this app`];
    if (wanted === undefined) return [`${app}: release ${id} has this app, and the image does not`];
    const differ = [...new Set([...Object.keys(old), ...Object.keys(wanted)])].filter(
      (kind) => old[kind] !== wanted[kind],
    );
    return differ.length === 0 ? [] : [`${app}: the image has other ${differ.join(", ")} than release ${id}`];
  });
}

function otherSites(stands: Release, { facts, sites, standing }: Asked): readonly string[] {
  const [before, now] = [declaredIn(stands.facts), declaredIn(facts)];
  return Object.keys(now).flatMap((site) => {
    if (before[site] === undefined) return [`${site}: release ${stands.id} does not have this site`];
    if (sites.includes(site) && !standing.includes(site)) return [`${site}: it is not there`];
    return isDeepStrictEqual(before[site], now[site])
      ? []
      : [`${site}: its apps, settings or state are declared otherwise than with release ${stands.id}`];
  });
}
