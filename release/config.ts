/** The runner's configuration file, checked: every problem at once, by the path of its key, what was expected there, and what stands there. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { problemsOf as problemsOfBackup, siteName } from "../backup/config.ts";
import { messageOf } from "../backup/log.ts";
import { strategies } from "../constants/strategies.ts";
import {
  type DatedWindow,
  type Freeze,
  gateNames,
  type Gates,
  type Kinds,
  type WeeklyWindow,
} from "../gates/declared.ts";
import type { CanaryJob, CanaryStage, ReleaseCheck, ReleaseJob, ReleaseLimits, ReleaseSiteSpec } from "./job.ts";

/** Problems of a value, each with the path of its key. */
type Rule = (value: unknown, at: string) => readonly string[];

const longest = 80;
/** Nothing in this file is secret. */
const told = (value: unknown): string =>
  value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value).slice(0, longest);

const rule =
  (expected: string, holds: (value: unknown) => boolean): Rule =>
  (value, at) =>
    holds(value) ? [] : [`${at}: expected ${expected}, got ${told(value)}`];

const matching = (expected: string, pattern: RegExp): Rule =>
  rule(expected, (value) => typeof value === "string" && pattern.test(value));
const text = matching("a line of text", /^[^\0\r\n]+$/);
const folder = rule("an absolute path", (value) => typeof value === "string" && path.isAbsolute(value));
const database = matching("a database's name of letters, digits and _, at most 63", /^\w{1,63}$/);
const address = matching("an address http://host:port", /^https?:\/\/[^/\s@]+$/);
const seconds = rule("a whole number of seconds from 1", (value) => Number.isInteger(value) && Number(value) >= 1);
const yesOrNo = rule("true or false", (value) => typeof value === "boolean");
const oneOf = (...words: readonly string[]): Rule =>
  rule(words.map((word) => JSON.stringify(word)).join(" or "), (value) => words.includes(value as string));
const optional =
  (inner: Rule): Rule =>
  (value, at) =>
    value === undefined ? [] : inner(value, at);
const list =
  (inner: Rule, least = 0): Rule =>
  (value, at) =>
    Array.isArray(value) && value.length >= least
      ? value.flatMap((each: unknown, index) => inner(each, `${at}[${index}]`))
      : [`${at}: expected a list${least > 0 ? ` of at least ${least}` : ""}, got ${told(value)}`];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One rule for each key, and no other key. */
const object =
  <Shape>(rules: { readonly [Key in keyof Required<Shape>]: Rule }): Rule =>
  (value, at) => {
    if (!isRecord(value)) return [`${at || "the file"}: expected an object, got ${told(value)}`];
    const under = (key: string) => (at === "" ? key : `${at}.${key}`);
    const unknown = Object.keys(value).filter((key) => !(key in rules));
    return [
      ...Object.entries<Rule>(rules).flatMap(([key, each]) => each(value[key], under(key))),
      ...unknown.map((key) => `${under(key)}: expected no such key, got ${told(value[key])}`),
    ];
  };

const app = object<ReleaseJob["release"]["apps"][number]>({ name: text, version: text });

const site = object<ReleaseSiteSpec>({
  name: matching("a host name", siteName),
  domains: list(matching("a host name", siteName)),
  apps: list(text, 1),
  schema: database,
  state: oneOf("active", "archived"),
  settings: object<ReleaseSiteSpec["settings"]>({
    sessionExpiry: matching("hours:minutes", /^\d{2,3}:[0-5]\d$/),
    denyMultipleSessions: yesOrNo,
  }),
});

/** No two of a list may have the same value there. */
function twins(value: unknown, at: string, key: string): readonly string[] {
  if (!Array.isArray(value)) return [];
  const values = value.map((each: unknown) => (isRecord(each) ? each[key] : undefined));
  return values.flatMap((each, index) => {
    const first = values.indexOf(each);
    return each === undefined || first === index
      ? []
      : [`${at}[${index}].${key}: expected another one than ${at}[${first}] has, got ${told(each)}`];
  });
}

type CheckOf<Kind extends ReleaseCheck["kind"]> = Extract<ReleaseCheck, { kind: Kind }>;

const checkRules = {
  name: text,
  kind: oneOf("bench", "script", "image"),
  site: matching("a host name", siteName),
  limit: seconds,
};
const benchCheck = object<CheckOf<"bench">>({ ...checkRules, args: list(text, 1) });
const scriptCheck = object<CheckOf<"script">>({ ...checkRules, file: folder });
const imageCheck = object<CheckOf<"image">>(checkRules);
const check: Rule = (value, at) => {
  const kind = isRecord(value) ? value["kind"] : undefined;
  return kind === "script" ? scriptCheck(value, at) : kind === "image" ? imageCheck(value, at) : benchCheck(value, at);
};
const weekday = matching('a day and a time such as "fri 12:00"', /^(?:mon|tue|wed|thu|fri|sat|sun) \d\d:\d\d$/);
const wallTime = matching('a date and a time such as "2026-12-20 00:00"', /^\d{4}-\d\d-\d\d \d\d:\d\d$/);
const moment = rule(
  'a moment in UTC such as "2026-12-24T06:00Z"',
  (value) => typeof value === "string" && value.endsWith("Z") && !Number.isNaN(Date.parse(value)),
);
/** As far as the Node of the bench image knows it. */
const timeZone = rule("a time zone of the IANA database", (value) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: String(value) });
    return typeof value === "string";
  } catch {
    return false;
  }
});

const gates = object<Gates>({
  freeze: optional(
    object<Freeze>({
      timeZone,
      weekly: list(object<WeeklyWindow>({ from: weekday, to: weekday })),
      dated: list(object<DatedWindow>({ from: wallTime, to: wallTime, why: optional(text) })),
    }),
  ),
  oneChange: yesOrNo,
  staging: optional(
    object<NonNullable<Gates["staging"]>>({
      bench: text,
      hours: rule("a whole number of hours from 0", (value) => Number.isInteger(value) && Number(value) >= 0),
    }),
  ),
  proof: optional(
    object<NonNullable<Gates["proof"]>>({
      ...{ bench: text, release: text, digest: text, confirmedAt: moment, gitSha: optional(text) },
      apps: rule(
        "versions by app",
        (value) => isRecord(value) && Object.values(value).every((version) => typeof version === "string"),
      ),
    }),
  ),
  exception: optional(
    object<NonNullable<Gates["exception"]>>({
      ...{ release: text, reason: text, by: text, until: moment },
      gates: list(oneOf(...gateNames), 1),
    }),
  ),
});

const between = (least: number, most: number): Rule =>
  rule(`a number from ${least} to ${most}`, (value) => typeof value === "number" && value >= least && value <= most);

const stages: Rule = (value, at) => {
  const stage = object<CanaryStage>({ weight: between(1, 99), seconds });
  const problems = list(stage, 1)(value, at);
  const weights = problems.length === 0 ? (value as readonly CanaryStage[]).map(({ weight }) => weight) : [];
  return [
    ...problems,
    ...(weights.every((weight, i) => weight > (weights[i - 1] ?? 0))
      ? []
      : [`${at}: expected rising weights, got ${told(weights)}`]),
  ];
};

const canary = object<CanaryJob>({
  prometheus: address,
  stages,
  maxErrorShare: between(0, 100),
  maxSlowdown: between(1, 100),
  minRequests: between(1, 1_000_000),
});

const job = object<ReleaseJob>({
  owner: text,
  release: object<ReleaseJob["release"]>({
    id: text,
    attempt: rule("a whole number from 1", (value) => Number.isInteger(value) && Number(value) >= 1),
    image: text,
    gitSha: optional(text),
    apps: (value, at) => [...list(app, 1)(value, at), ...twins(value, at, "name")],
    strategy: oneOf(...strategies),
    rollbackTo: optional(text),
    kinds: optional(object<Kinds>({ code: text, sites: text, settings: text })),
  }),
  gates: optional(gates),
  sites: (value, at) => [...list(site)(value, at), ...twins(value, at, "name"), ...twins(value, at, "schema")],
  bench: object<ReleaseJob["bench"]>({ id: text, folder, queues: list(text, 1) }),
  ledger: database,
  adminFolder: folder,
  readerFolder: folder,
  sitesFile: folder,
  endpoints: object<ReleaseJob["endpoints"]>({
    serving: address,
    web: address,
    socketio: list(address),
    nginx: address,
  }),
  limits: object<ReleaseLimits>({
    ...{ drain: seconds, migrate: seconds, createSite: seconds, hold: seconds, verify: seconds, whole: seconds },
    back: optional(seconds),
  }),
  checks: optional((value, at) => [...list(check)(value, at), ...twins(value, at, "name")]),
  canary: optional(canary),
  backup: (value, at) =>
    isRecord(value)
      ? problemsOfBackup(value).map((problem) => `${at}.${problem}`)
      : [`${at}: expected an object, got ${told(value)}`],
});

/** Every problem of a configuration. */
export const problemsOf = (value: unknown): readonly string[] => job(value, "");

/** @throws one error that names every problem */
export function readConfig(file: string): ReleaseJob {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file} cannot be read as JSON: ${messageOf(error)}`, { cause: error });
  }
  const problems = problemsOf(parsed);
  if (problems.length > 0) throw new Error(`${file}: ${problems.join("; ")}`);
  return parsed as ReleaseJob;
}
