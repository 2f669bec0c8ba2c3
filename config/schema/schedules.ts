/** Time zones and cron expressions. */
import { Cron } from "croner";
import { z } from "zod";

/**
 * Names that ICU still lists by the older spelling (its identifiers never change), with the one of the IANA database: only this one
 * is in every container's tzdata. Debian and Ubuntu ship the older ones apart, and a process whose TZ is unknown runs in UTC.
 */
const renamed: Readonly<Record<string, string>> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Coral_Harbour": "America/Atikokan",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

const zones: ReadonlySet<string> = new Set([
  "UTC",
  ...Intl.supportedValuesOf("timeZone").filter((zone) => !Object.hasOwn(renamed, zone)),
  ...Object.values(renamed),
]);

const zoneExpected = "expected a time zone of the IANA database such as Asia/Singapore, or UTC";

/** An IANA time zone in its present spelling, as containers' tzdata and Frappe know it. */
export const timeZone = z.string({ error: zoneExpected }).superRefine((zone, context) => {
  if (!zones.has(zone)) {
    const now = Object.hasOwn(renamed, zone) ? renamed[zone] : undefined;
    context.addIssue({ code: "custom", message: now ? `${zoneExpected}; it is called ${now} now` : zoneExpected });
  }
});

/** Reference date of "does it ever fire": fixed, so that a stack file is right or wrong on every day alike. */
const scheduleEpoch = new Date("2024-01-01T00:00:00Z");

const fires = (fields: string) => new Cron(fields, { timezone: "UTC", mode: "5-part" }).nextRun(scheduleEpoch) !== null;

/** What is wrong with a cron expression, or nothing. */
function cronProblem(text: string): string | undefined {
  if (text.length > 100 || !/^[\d*,/-]+( [\d*,/-]+){4}$/.test(text)) {
    return 'expected a cron expression of five numeric fields such as "30 2 * * *"';
  }
  const fields = text.split(" ");
  // The operators' parser (robfig/cron) counts days of the week from 0 to 6.
  if (/(?<![\d/])7(?!\d)/.test(fields[4] ?? "")) {
    return "expected days of the week from 0 (Sunday) to 6";
  }
  try {
    // Each on its own: where both days are given, one that never comes would hide behind the other.
    return fires([...fields.slice(0, 4), "*"].join(" ")) && fires(text)
      ? undefined
      : "expected a schedule that fires; this date never comes";
  } catch {
    return 'expected a cron expression such as "30 2 * * *"; a field is out of range';
  }
}

/** A cron expression of five fields that fires at least once. */
export const cron = z
  .string({ error: 'expected a cron expression such as "30 2 * * *"' })
  .superRefine((text, context) => {
    const message = cronProblem(text);
    if (message !== undefined) {
      context.addIssue({ code: "custom", message });
    }
  });
