/** What a release has to keep to before it may begin. */
import { z } from "zod";
import { gateNames } from "../../gates/declared.ts";
import { appName, appVersion, dnsLabel, imageDigest, pattern, wholeNumber } from "./primitives.ts";
import { timeZone } from "./schedules.ts";

const clock = "(?:[01]\\d|2[0-3]):[0-5]\\d";
const date = "(?:20\\d\\d)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])";

/** Whether its date is in the calendar: JavaScript takes the 31st of February for one in March. */
const exists = (text: string): boolean => {
  const at = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.slice(0, 10));
};

const dated = (form: string, expected: string) =>
  pattern(new RegExp(`^${date}${form}$`), expected, 24).refine(exists, {
    error: `expected ${expected}; this date is not in the calendar`,
  });

const weekday = pattern(
  new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun) ${clock}$`),
  'a day and a time such as "fri 12:00"',
  9,
);
const localTime = dated(` ${clock}`, 'a date and a time such as "2026-12-20 00:00"');
/** To the minute: with seconds it is a date of YAML's own, which Pulumi hands over in words of its own, quotes or not. */
const utcTime = dated(`T${clock}Z`, 'a moment in UTC such as "2026-12-24T06:00Z"');
const line = (most: number) =>
  pattern(/^[^\p{C}\p{Zl}\p{Zp}\s](?:[^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Zl}\p{Zp}\s])?$/u, "a line of text", most);
const releaseId = pattern(
  /^[0-9a-f]{10}$/,
  "the id of a release, 10 hexadecimal digits in quotes, as the preview shows it",
  10,
);

const freeze = z
  .strictObject({
    timeZone: timeZone.describe("Whose clock on the wall the windows are said by."),
    weekly: z
      .array(
        z
          .strictObject({
            from: weekday.describe('Day and time, such as "fri 12:00".'),
            to: weekday.describe("The same; before `from`, it is that of the next week."),
          })
          .refine(({ from, to }) => from !== to, {
            error: "expected a window that ends at another time than it begins",
          }),
      )
      .max(20, { error: "expected at most 20 windows" })
      .default([])
      .describe("Windows of each week."),
    dated: z
      .array(
        z
          .strictObject({
            from: localTime.describe('Date and time, such as "2026-12-20 00:00".'),
            to: localTime.describe("The same, later."),
            why: line(120).optional().describe("For whoever is refused."),
          })
          // Both have one form, in which later is greater.
          .refine(({ from, to }) => from < to, { error: "expected a window that ends later than it begins" }),
      )
      .max(100, { error: "expected at most 100 windows" })
      .default([])
      .describe("Windows that come once."),
  })
  .refine(({ weekly, dated: once }) => weekly.length + once.length > 0, {
    error: "expected a window under weekly or dated",
  })
  .describe("When no release begins. What makes no release, a way back, and a release that has begun go on.");

export const gates = z
  .strictObject({
    freeze: freeze.optional(),
    oneChange: z
      .boolean({ error: "expected true or false" })
      .optional()
      .describe(
        "Refuses a release that changes more than one of image, sites, and bench or database. Left out: true in production.",
      ),
    staging: z
      .strictObject({
        bench: dnsLabel.describe("`frappe:bench.id` of the stack where the image has to have stood."),
        hours: wholeNumber(0, 720, " hours").default(0).describe("How long it has to have stood there."),
      })
      .optional()
      .describe("Asks for `release.proof`: the same image and apps have stood in another stack."),
  })
  .prefault({})
  .describe("What a release has to keep to before it may begin.");

export const proof = z
  .strictObject({
    bench: dnsLabel,
    release: releaseId,
    digest: imageDigest,
    apps: z.record(appName, appVersion),
    confirmedAt: utcTime,
    gitSha: pattern(/^[0-9a-f]{40}$/, "a git revision of 40 hexadecimal digits", 40).optional(),
  })
  .describe("That the image has stood in staging, as `npm run releases -- <staging> attest <id>` prints it.");

export const exception = z
  .strictObject({
    release: releaseId.describe("The one release that may pass: its id, as the preview shows it."),
    gates: z
      .array(z.enum(gateNames, { error: `expected ${gateNames.join(", ")}` }))
      .min(1, { error: `expected at least one of ${gateNames.join(", ")}` })
      .refine((names) => new Set(names).size === names.length, { error: "expected each gate once" })
      .describe("Which gates it may pass."),
    reason: line(300).describe("Why it cannot wait; it stands in the ledger for good."),
    by: line(120).describe("Who has agreed to it."),
    until: utcTime.describe("The release has to begin before; at most 30 days ahead."),
  })
  .describe("Lets one release pass gates that would refuse it.");
