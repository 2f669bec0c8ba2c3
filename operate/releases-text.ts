/** The ledger for people. Pure: a ledger has one text. Times are UTC, by the database server's clock. */
import { z } from "zod";
import { clipped, columns, oneLine, wrapped } from "./columns.ts";
import type { ListedRelease, ListedSite } from "./ledger-reader.ts";

/** Cells that a reason takes. */
const reasonWidth = 110;
const none = "-";

/** `2026-11-21 03:04:05`; nothing for what has not been. */
export const timeText = (at: number): string =>
  at === 0 ? none : new Date(at).toISOString().slice(0, 19).replace("T", " ");

/** `1 min 12 s`: the two largest units that there are. */
export function durationText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 1) {
    return "< 1 s";
  }
  const units = [
    ["d", Math.floor(seconds / 86_400)],
    ["h", Math.floor(seconds / 3600) % 24],
    ["min", Math.floor(seconds / 60) % 60],
    ["s", seconds % 60],
  ] as const;
  const first = units.findIndex(([, count]) => count > 0);
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(" ");
}

/** Ends after which writes are open. */
const open = ["confirmed", "aborted", "rolled_back"];

/** How long nothing was written; since when, where that goes on. A release that went back opens with its last change. */
export function closedText({ closedAt, openedAt, changedAt, state }: ListedRelease): string {
  if (closedAt === 0) {
    return none;
  }
  const until = openedAt === 0 && open.includes(state) ? changedAt : openedAt;
  return until === 0 ? `since ${timeText(closedAt)}` : durationText(until - closedAt);
}

/** A fact as words: lists by commas, the fields of an object by their names. */
function plain(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(plain).join(", ");
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([key, each]) => `${oneLine(key)} ${plain(each)}`)
      .join(" ");
  }
  return oneLine(String(value));
}

const word = (facts: ListedRelease["facts"], key: string): string | undefined =>
  facts[key] === undefined || facts[key] === "" ? undefined : plain(facts[key]);

/** The digest's first digits; of an image without one, its name. */
const imageText = (image: string | undefined): string =>
  image === undefined ? none : (/@sha256:([0-9a-f]{12})/.exec(image)?.[1] ?? clipped(image, 30));

const short = (id: string): string => id.slice(0, 8);

/** Snapshot of a site's backup, or of its seal. */
function snapshot({ facts }: ListedSite, key: "backup" | "seal"): string | undefined {
  const { snapshot: id } = (facts[key] ?? {}) as { readonly snapshot?: unknown };
  return typeof id === "string" ? oneLine(id) : undefined;
}

/** Backups that a way back would take: the seals, and where there is none yet, the backups of before. */
function backupIds(sites: readonly ListedSite[]): readonly string[] {
  const of = (key: "backup" | "seal") => [...new Set(sites.flatMap((site) => snapshot(site, key) ?? []))];
  const seals = of("seal");
  return seals.length > 0 ? seals : of("backup");
}

function backupsText(sites: readonly ListedSite[]): string {
  const [first, second, ...more] = backupIds(sites).map(short);
  const shown = [first, second].filter((id) => id !== undefined).join(" ");
  return shown === "" ? none : shown + (more.length > 0 ? ` +${more.length}` : "");
}

const stateText = (state: string): string => oneLine(state).replaceAll("_", " ");

const titles = ["RELEASE", "GIT", "IMAGE", "BACKUPS", "FROM → TO", "WRITES CLOSED", "RESULT", "BY", "BEGUN (UTC)"];

function row(release: ListedRelease): string[] {
  const { id, from, state, facts, sites, begunAt } = release;
  return [
    oneLine(id),
    short(word(facts, "gitSha") ?? none),
    imageText(word(facts, "image")),
    backupsText(sites),
    `${oneLine(from) || "none"} → ${oneLine(id)}`,
    closedText(release),
    stateText(state),
    clipped(word(facts, "by") ?? none, 24),
    timeText(begunAt),
  ];
}

const returnsSchema = z.record(
  z.string(),
  z.object({ seal: z.object({ snapshot: z.string() }), by: z.string(), sealedAt: z.number() }),
);

/** What a release that goes back on purpose puts back, by site. A ledger of another version may say it otherwise: then nothing. */
function returnsOf({ facts }: ListedRelease): readonly (readonly [site: string, text: string])[] {
  const { sites } = (facts["undo"] ?? {}) as { readonly sites?: unknown };
  const { data = {} } = returnsSchema.safeParse(sites);
  return Object.entries(data).map(([site, { seal, by, sealedAt }]) => [
    site,
    `back to ${short(oneLine(seal.snapshot))} of ${timeText(sealedAt)}, sealed by ${oneLine(by)}`,
  ]);
}

/** Of a release that goes back on purpose: to which one, and, once it did, where that is kept which was there before. */
function backTo(release: ListedRelease): string | undefined {
  const target = word(release.facts, "rollbackTo");
  if (target === undefined) {
    return undefined;
  }
  const seals = release.sites.flatMap((site) => snapshot(site, "seal") ?? []);
  const gaveUp = release.state === "confirmed" && seals.length > 0;
  return `${target} on purpose${gaveUp ? `; what was there before is kept in ${seals.map(short).join(" ")}` : ""}`;
}

/** The releases of a stack, the newest first, each with why it went back. */
export function tableText(releases: readonly ListedRelease[]): string[] {
  if (releases.length === 0) {
    return ["no release yet"];
  }
  const newest = releases.toReversed();
  const [title = "", ...lines] = columns([titles, ...newest.map(row)]);
  const whys = newest.map((release) => {
    const back = backTo(release);
    return [...(back === undefined ? [] : [`back to ${back}`]), ...(release.reason === "" ? [] : [release.reason])].map(
      (why) => `  ${clipped(oneLine(why), reasonWidth)}`,
    );
  });
  return [title, ...lines.flatMap((line, index) => [line, ...(whys[index] ?? [])])];
}

const factsText = (facts: ListedRelease["facts"], but: readonly string[] = []): string =>
  Object.entries(facts)
    .filter(([key]) => !but.includes(key))
    .map(([key, value]) => `${oneLine(key)} ${plain(value)}`)
    .join(", ");

/** Facts that programs compare, and nobody reads. */
const unsaid = ["undo", "code", "declared"];

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** One release: what is known of it, why it ended so, its sites, and what happened when. */
export function releaseText(release: ListedRelease): string[] {
  const { id, from, state, reason, facts, begunAt, changedAt, deadline, sites, events } = release;
  const back = backTo(release);
  const told = columns([
    ["from", oneLine(from) || "none"],
    ["result", stateText(state)],
    ...(back === undefined ? [] : [["back to", back]]),
    ["by", word(facts, "by") ?? none],
    ["git", word(facts, "gitSha") ?? none],
    ["image", word(facts, "image") ?? none],
    ["begun", timeText(begunAt)],
    ["changed", timeText(changedAt)],
    ["closed", closedText(release)],
    ...(deadline === 0 ? [] : [["deadline", timeText(deadline)]]),
    ...Object.entries(facts)
      .filter(([key]) => !["id", "by", "gitSha", "image", "rollbackTo", ...unsaid].includes(key))
      .map(([key, value]) => [oneLine(key), plain(value)]),
  ]);
  const returns = new Map(returnsOf(release));
  const standing = columns(
    sites.map((site) => [
      oneLine(site.site),
      stateText(site.state),
      short(snapshot(site, "backup") ?? none),
      short(snapshot(site, "seal") ?? none),
      [returns.get(site.site), factsText(site.facts, ["backup", "seal", "rehearsed"])].filter(Boolean).join(", "),
    ]),
  );
  const happened = columns(
    events.map(({ at, site, kind, facts: known }) => [
      timeText(at),
      oneLine(site) || none,
      stateText(kind),
      factsText(known, unsaid),
    ]),
  );
  return [
    `release ${oneLine(id)}`,
    ...indented(told),
    ...(reason === "" ? [] : ["why", ...indented(wrapped(reason, reasonWidth))]),
    ...(sites.length === 0 ? [] : ["sites, with backup and seal", ...indented(standing)]),
    ...(events.length === 0 ? [] : ["events (UTC)", ...indented(happened)]),
  ];
}
