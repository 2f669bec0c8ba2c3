/**
 * Whether a moment lies in a freeze. Windows are said by the clock on the wall, which is put forward and back: an hour that comes twice
 * belongs to a window as soon as its first coming does, and until its second is over, and one that is left out ends with the later reading.
 */
import type { Freeze } from "./declared.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const week = 7 * day;

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
/** A Monday: weeks are counted from it. */
const someMonday = Date.UTC(2024, 0, 1);

/** The longest row of windows that follow one another which is looked through. */
const longestRow = 100;

/** Times are read as if the clock on the wall were UTC's. */
type WallTime = number;

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const digits = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
  const made = clocks.get(timeZone) ?? new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...digits });
  clocks.set(timeZone, made);
  return made;
}

/** What the clock shows, to the minute. @throws RangeError where nobody knows the zone */
function wallTimeOf(timeZone: string, at: number): WallTime {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const [year = 0, month = 1, date = 1, hour = 0, min = 0] = (["year", "month", "day", "hour", "minute"] as const).map(
    (part) => parts.get(part),
  );
  return Date.UTC(year, month - 1, date, hour, min);
}

/** The first and the last moment at which the clock shows a time. Where it leaves it out: what it means by the time before, and after. */
function momentsOf(timeZone: string, wall: WallTime): readonly [first: number, last: number] {
  const offset = (at: number) => wallTimeOf(timeZone, at) - at;
  const read = [offset(wall - day), offset(wall + day)].map((each) => wall - each);
  const right = read.filter((at) => wallTimeOf(timeZone, at) === wall);
  const moments = right.length > 0 ? right : read;
  return [Math.min(...moments), Math.max(...moments)];
}

/** `fri 12:00` as milliseconds since the week began. */
function inWeek(text: string): number {
  const [name = "", hours = "", minutes = ""] = text.split(/[ :]/);
  return days.indexOf(name as (typeof days)[number]) * day + (Number(hours) * 60 + Number(minutes)) * minute;
}

const wallTime = (text: string): WallTime => Date.parse(`${text.replace(" ", "T")}:00Z`);

interface Frozen {
  /** Milliseconds since 1970. */
  readonly until: number;
  /** The window, in the words of the stack file. */
  readonly window: string;
}

/** Spans of wall time that may hold a moment. */
function spansNear({ timeZone, weekly, dated }: Freeze, at: number) {
  const now = wallTimeOf(timeZone, at);
  const monday = now - ((((now - someMonday) % week) + week) % week);
  return [
    ...weekly.flatMap(({ from, to }) => {
      const [begin, end] = [inWeek(from), inWeek(to)];
      const long = end > begin ? end : end + week;
      const window = `${from} to ${to}`;
      return [-week, 0, week].map((off) => ({ from: monday + off + begin, to: monday + off + long, window }));
    }),
    ...dated.map(({ from, to, why }) => ({
      from: wallTime(from),
      to: wallTime(to),
      window: `${from} to ${to}${why === undefined ? "" : `, ${why}`}`,
    })),
  ];
}

/** The window that a moment lies in, the one that ends last where there are more. */
function windowAt(freeze: Freeze, at: number): Frozen | undefined {
  const found = spansNear(freeze, at).flatMap(({ from, to, window }): Frozen[] => {
    const [begins] = momentsOf(freeze.timeZone, from);
    const [, until] = momentsOf(freeze.timeZone, to);
    return begins <= at && at < until ? [{ until, window }] : [];
  });
  return found.sort((a, b) => b.until - a.until)[0];
}

/**
 * The window that `at` lies in, and when the freeze is over, windows that follow at once included; undefined: none is on.
 * @param at milliseconds since 1970
 */
export function frozenAt(freeze: Freeze, at: number): Frozen | undefined {
  const first = windowAt(freeze, at);
  let until = first?.until ?? at;
  for (let row = 1; row < longestRow; row++) {
    const next = windowAt(freeze, until);
    if (first === undefined || next === undefined) break;
    until = next.until;
  }
  return first && { window: first.window, until };
}

/** `mon 2026-11-23 06:00 Asia/Singapore`. */
export function wallText(timeZone: string, at: number): string {
  const wall = wallTimeOf(timeZone, at);
  const name = days[Math.floor((((wall - someMonday) % week) + week) / day) % 7] ?? "";
  return `${name} ${new Date(wall).toISOString().slice(0, 16).replace("T", " ")} ${timeZone}`;
}
