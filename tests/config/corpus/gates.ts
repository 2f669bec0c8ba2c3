/** What a release has to keep to: windows, proofs, exceptions. */
import { field, found, type HostileCase } from "./case.ts";

const weekly = "release.gates.freeze.weekly[0]";
const dated = { from: "2026-12-20 00:00", to: "2027-01-03 06:00" };
const once = (from: unknown) => [{ ...dated, from }];
const proof = {
  bench: "frappe-staging",
  release: "93229cefa0",
  digest: `sha256:${"0".repeat(64)}`,
  apps: { frappe: "16.31.0" },
  confirmedAt: "2026-11-20T10:00Z",
};
const exception = {
  release: "93229cefa0",
  gates: ["freeze"],
  reason: "it cannot wait",
  by: "ada",
  until: "2026-12-24T06:00Z",
};
const staging = { "release.gates.staging": { bench: "frappe-staging" } };
const whole = { "release.exception": exception };
/** One field of a whole exception, wrong in some ways. */
const excepted = (key: string, says: string, values: Readonly<Record<string, unknown>>): HostileCase[] =>
  Object.entries(values).map(([wrong, value]) =>
    found(`${key}: ${wrong}`, { ...whole, [`release.exception.${key}`]: value }, `release.exception.${key}`, says),
  );
const proven = (key: string, says: string, values: Readonly<Record<string, unknown>>): HostileCase[] =>
  Object.entries(values).map(([wrong, value]) =>
    found(
      `proof.${key}: ${wrong}`,
      { ...staging, "release.proof": proof, [`release.proof.${key}`]: value },
      `release.proof.${key}`,
      says,
    ),
  );

export const gates: readonly HostileCase[] = [
  ...field("release.gates.freeze.timeZone", "expected a time zone of the IANA database", {
    "an offset": "+08:00",
    "an abbreviation": "CET",
    empty: "",
  }),
  ...field(`${weekly}.from`, 'expected a day and a time such as "fri 12:00"', {
    "a whole name": "friday 12:00",
    capitals: "Fri 12:00",
    "no time": "fri",
    "no day": "12:00",
    "hour 24": "fri 24:00",
    "one digit": "fri 9:00",
    seconds: "fri 12:00:00",
    "a line feed": "fri 12:00\n",
    "a number": 5,
    null: null,
  }),
  ...field(weekly, "expected a window that ends at another time than it begins", {
    "a week, or nothing": { from: "fri 12:00", to: "fri 12:00" },
  }),
  ...field("release.gates.freeze.weekly", "expected at most 20 windows", {
    "more than a week has use for": Array.from({ length: 21 }, () => ({ from: "fri 12:00", to: "mon 06:00" })),
  }),
  ...field("release.gates.freeze", "expected a window under weekly or dated", {
    "without a window": { timeZone: "UTC" },
  }),
  ...["2026-12-20", "2026-12-20T00:00", "2026-12-20 00:00Z", "20.12.2026 00:00", "2026-13-01 00:00", 20261220].map(
    (from) =>
      found(
        `a dated window from ${from}`,
        { "release.gates.freeze.dated": once(from) },
        "release.gates.freeze.dated[0].from",
        'expected a date and a time such as "2026-12-20 00:00"',
      ),
  ),
  ...["2026-02-29 00:00", "2026-11-31 00:00"].map((from) =>
    found(
      `a dated window from ${from}`,
      { "release.gates.freeze.dated": once(from) },
      "release.gates.freeze.dated[0].from",
      "this date is not in the calendar",
    ),
  ),
  ...["2027-01-03 06:00", "2027-01-03 06:01"].map((from) =>
    found(
      `a dated window that ends before it begins at ${from}`,
      { "release.gates.freeze.dated": once(from) },
      "release.gates.freeze.dated[0]",
      "expected a window that ends later than it begins",
    ),
  ),
  ...field("release.gates.oneChange", "expected true or false", { "a word": "yes", "a number": 1, null: null }),
  ...field("release.gates.staging.hours", "expected a whole number from 0 to 720 hours", {
    negative: -1,
    "a fraction": 1.5,
    "with its unit": "24h",
    "longer than a month": 721,
  }),
  found(
    "staging that is the stack itself",
    { "release.gates.staging": { bench: "frappe-prod" } },
    "release.gates.staging.bench",
    "expected the bench of another stack, got frappe-prod",
  ),
  found(
    "a proof that nobody asks for",
    { "release.proof": proof },
    "release.proof",
    "expected frappe:release.gates.staging beside it",
  ),
  ...proven("release", "expected the id of a release", { short: "93229ce", "a number": 1234567890 }),
  ...proven("digest", "expected a digest", { "a tag": "v16.33.0", short: "sha256:00" }),
  ...proven("confirmedAt", "expected a moment in UTC", {
    "another zone": "2026-11-20T10:00+08:00",
    "seconds, which YAML takes for a date of its own": "2026-11-20T10:00:00Z",
    "no zone": "2026-11-20T10:00",
    "a date": "2026-11-20",
  }),
  ...excepted("release", "expected the id of a release", { "every one": "*", empty: "", "a number": 1234567890 }),
  ...excepted("gates", "expected at least one of freeze, oneChange, staging", { none: [] }),
  ...excepted("gates", "expected each gate once", { twice: ["freeze", "freeze"] }),
  ...excepted("gates[0]", "expected freeze, oneChange, staging", { "a strange one": "backup", all: "*" }),
  ...excepted("reason", "expected a line of text", {
    empty: "",
    blank: "   ",
    "two lines": "one\ntwo",
    "that clears the terminal": "\u001b[2J",
    "in right-to-left": "a\u202eb",
  }),
  ...excepted("by", "expected a line of text", { nobody: "", "a list": ["ada"] }),
  ...excepted("until", "expected a moment in UTC", {
    "for ever": "never",
    "a date": "2026-12-24",
    "the time of some place": "2026-12-24T06:00",
    "a number": 20261224,
  }),
  ...excepted("until", "this date is not in the calendar", { "the 31st of November": "2026-11-31T06:00Z" }),
];
