/**
 * What a secret looks like. Each pattern is one that programs cannot do without, so that code, hashes, paths and names are not
 * taken for secrets; findings say the kind of it, never the text.
 */
import { secretName } from "../../constants/secret-names.ts";

const upperSnake = (name: string) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();

/** Whether a name says that its value is a secret, whichever way it is written. */
export const announcesSecret = (name: string): boolean => secretName.test(upperSnake(name));

const nothing = /^(?:|true|false|yes|no|on|off|none|null|\d{1,3}|\*+)$/i;
/** Where the value is: `$(NAME)`, `$NAME`, `%(name)s`, a template's, `<what stands here>`, a path of two folders or more. */
const reference = /^(?:\$[({].*|\$[A-Z_][A-Z0-9_]*|%\(.*|\{\{.*|<.*>|(?:\/[\w.-]+){2,}\/?)$/;
/** In the text of a program, which has variables and commands of its own: `$name`, `$1`, `%s`, a command in backquotes. */
const variable = /^[$%`]/;

/** Whether a value is no secret even beside a name that announces one. */
export const isHarmless = (value: string): boolean => nothing.test(value.trim()) || reference.test(value.trim());
const isHarmlessInText = (value: string): boolean => isHarmless(value) || variable.test(value);

/** Texts that are a secret wherever they stand, in code as well as in settings. */
const unmistakable: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\\n|\s)*[A-Za-z0-9+/=\\\s]{64,}/],
  [
    "an access token",
    /\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|xox[abpr]-[\w-]{20,}|sk_live_[A-Za-z0-9]{20,})\b/,
  ],
  ["a cloud access key", /\bAKIA[0-9A-Z]{16}\b/],
  ["a signed token", /\beyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}/],
  // Whoever knows these addresses may write there.
  [
    "a webhook's address",
    /\bhttps:\/\/(?:hooks\.slack\.com\/(?:services|workflows)|discord(?:app)?\.com\/api\/webhooks|hc-ping\.com)\/[\w-]+/,
  ],
  ["a Sentry address", /\bhttps?:\/\/[0-9a-f]{32}@[\w.-]+/],
];

/** A password between user and host. Digits before a slash are a port. */
const credentialUrl = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/@:"'`]*:(?!\d+\/)([^\s@"'`]{1,200})@[\w[]/gi;

/** Last words of a setting's name, and of an option's. */
const secretWords =
  "password|passwd|passphrase|pgpass|_pass|pwd|secret|token|dsn|credentials|(?:api|access|secret|private|signing|encryption|routing|service)[_-]?key";
const bare = String.raw`["']?([^\s"',;}{[\]]+)`;
const assignments = [
  // `password = …`, `"password": …`, `?password=…`
  new RegExp(
    String.raw`(?:^|[\s;,{"'?&-])\w{0,40}(?:${secretWords})(?:["']?[ \t]*=|["'][ \t]*:|:)[ \t]*${bare}`,
    "gim",
  ),
  // `--password …`
  new RegExp(String.raw`--[\w-]{0,40}(?:${secretWords.replaceAll("_", "-")})\s+([^\s-]\S*)`, "gi"),
  // SQL's `password '…'`
  /\b(?:identified\s+by|password)\s+'([^']+)'/gi,
  // Redis' own, and its users with their password
  /^[ \t]*(?:requirepass|masterauth)[ \t]+"?([^\s"]+)/gim,
  /^[ \t]*user[ \t][^\n]*[ \t]>(\S+)/gim,
  // host:port:database:user:password (libpq, pgpass)
  /^[^\s:#]+:(?:\d+|\*):[^\s:]+:[^\s:]+:([^\s:]+)$/gm,
  /\bauthorization["']?[\s:=]+["']?(?:bearer|basic|token)\s+([^\s"',;}]+)/gi,
  // `mariadb -p…`, `redis-cli -a …`, `curl -u name:…`, each within one command of a line
  /\b(?:mariadb|mysql)[\w-]*\s(?:[^\n;|&]{0,200}?\s)?-p["']?([^\s"';|&]+)/g,
  /\b(?:redis|valkey)-cli\s(?:[^\n;|&]{0,200}?\s)?(?:-a|--pass)\s+["']?([^\s"';|&]+)/g,
  /\bcurl\s(?:[^\n;|&]{0,200}?\s)?(?:-u|--user)[\s=]*["']?[^\s:"']*:([^\s"';|&]+)/g,
] as const;

/** Lines that speak of settings and set none. */
const remark = /^[ \t]*(?:#|;|\/\/).*$/gm;

/** Kinds of secrets that no text may hold, not even a program's. */
export const unmistakableIn = (value: string): string[] =>
  unmistakable.filter(([, pattern]) => pattern.test(value)).map(([kind]) => kind);

const captures = (value: string, pattern: RegExp) => [...value.matchAll(pattern)].map(([, captured = ""]) => captured);

/** Kinds of secrets in settings or a command, where an assignment is meant. */
export function settingsSecrets(value: string): string[] {
  const urls = captures(value, credentialUrl);
  const spoken = value.replaceAll(remark, "");
  const assigned = assignments.flatMap((pattern) => captures(spoken, pattern));
  return [
    ...unmistakableIn(value),
    ...(urls.some((password) => !isHarmlessInText(password)) ? ["a URL with a password"] : []),
    ...(assigned.some((password) => !isHarmlessInText(password)) ? ["a password"] : []),
  ];
}

const shortestRandom = 24;
const randomBits = 4;

/** Bits a character, by how often each comes (Shannon). */
function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / value.length) * Math.log2(count / value.length), 0);
}

/** Whether a whole value can hardly be anything but generated: mixed letters and digits, no path, no hash in hex. */
export const looksRandom = (value: string): boolean =>
  value.length >= shortestRandom &&
  /^[A-Za-z0-9+_=-][A-Za-z0-9+/_=-]*$/.test(value) &&
  [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(value)) &&
  entropy(value) >= randomBits;
