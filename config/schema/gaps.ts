/** How far apart the runs of a cron expression are: counted over its days and over the times of one day, so that no gap is missed. */

/** Numbers that a field of an accepted expression stands for. */
function numbers(field: string, least: number, most: number): number[] {
  const found = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "", step] = part.split("/");
    const [from, to] = range === "*" ? [least, most] : range.split("-").map(Number);
    const first = from ?? least;
    const last = to ?? (step === undefined ? first : most);
    for (let n = first; n <= last; n += Number(step ?? 1)) {
      found.add(n);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** Days that are looked at: eight years hold every weekday on every date. */
const days = 8 * 366;
const daySeconds = 86_400;
const epoch = Date.UTC(2024, 0, 1);

/** Indices of the days on which it runs. Where both days are given, either will do (robfig/cron, which Kubernetes uses). */
function activeDays([dayOfMonth = "*", month = "*", dayOfWeek = "*"]: readonly string[]): number[] {
  const [dates, months, weekdays] = [numbers(dayOfMonth, 1, 31), numbers(month, 1, 12), numbers(dayOfWeek, 0, 6)];
  const either = !dayOfMonth.startsWith("*") && !dayOfWeek.startsWith("*");
  return Array.from({ length: days }, (_, i) => i).filter((i) => {
    const day = new Date(epoch + i * daySeconds * 1000);
    const byDate = dates.includes(day.getUTCDate());
    const byWeekday = weekdays.includes(day.getUTCDay());
    return months.includes(day.getUTCMonth() + 1) && (either ? byDate || byWeekday : byDate && byWeekday);
  });
}

const between = (times: readonly number[]) => times.slice(1).map((time, i) => time - (times[i] ?? 0));

/** Seconds between two runs of an accepted schedule, the fewest and the most that occur. */
export function gaps(schedule: string): { readonly shortest: number; readonly longest: number } {
  const [minute = "*", hour = "*", ...day] = schedule.split(" ");
  const times = numbers(hour, 0, 23).flatMap((h) => numbers(minute, 0, 59).map((m) => (h * 60 + m) * 60));
  const night = (times[0] ?? 0) - (times.at(-1) ?? 0);
  const all = [...between(times), ...between(activeDays(day)).map((apart) => apart * daySeconds + night)];
  return { shortest: Math.min(...all), longest: Math.max(...all) };
}
