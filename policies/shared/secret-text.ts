/**
 * What a secret looks like. Each pattern is one that programs cannot do without, so that code, hashes, paths and names are not
 * taken for secrets; findings say the kind of it, never the text.
 */

/** Words in a name that announce a secret. `KEY` only as the last: `KEY_PREFIX` is none. */
const announcing = /(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|DSN|APIKEY)(_|$)|(^|_)KEYS?$/;
/** What only says where the secret is, or how long it lasts, or is public by design. */
const pointing = /_(FILE|PATH|DIR|NAME|TTL|SECONDS)$|(^|_)PUBLIC_KEYS?$/;

const upperSnake = (name: string) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();

export function announcesSecret(name: string): boolean {
  const words = upperSnake(name);
  return announcing.test(words) && !pointing.test(words);
}

/** Nothing, a switch, a number, or a reference to where the value is: `$(NAME)`, `%(name)s`, a command's output, a path. */
const harmless = /^(|true|false|yes|no|on|off|none|null|\d+|\$.*|%.*|`.*|\{\{.*|<.*>|\/.*|\*+)$/i;
export const isHarmless = (value: string): boolean => harmless.test(value.trim());

/** Texts that are a secret wherever they stand, in code as well as in settings. */
const unmistakable: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\\n|\s)*[A-Za-z0-9+/=\\\s]{64,}/],
  [
    "an access token",
    /\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|xox[abpr]-[\w-]{20,}|sk_live_[A-Za-z0-9]{20,})\b/,
  ],
  ["a cloud access key", /\bAKIA[0-9A-Z]{16}\b/],
  ["a signed token", /\beyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}/],
];

/** A password between user and host. Where it stands for itself it is no name in braces, brackets or after a dollar. */
const credentialUrl = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/@:"'`]*:([^\s/@"'`]+)@[\w[]/gi;
/** `password = …`, `--password …`, SQL's `password '…'`, `requirepass …`, and ACL users of Redis with their password. */
const assignments = [
  /(?:^|[\s;,{"'-])(?:\w{0,40}(?:password|passwd|passphrase|secret|api_?key|token))(?:["']?[ \t]*=|["'][ \t]*:|:)[ \t]*["']?([^\s"',;}]+)/gim,
  /\b(?:identified\s+by|password)\s+'([^']+)'/gi,
  /--[\w-]{0,40}(?:password|passwd|secret|token)\s+([^\s-]\S*)/gi,
  /^[ \t]*(?:requirepass|masterauth)[ \t]+"?([^\s"]+)/gim,
  /^[ \t]*user[ \t][^\n]*[ \t]>(\S+)/gim,
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
    ...(urls.some((password) => !isHarmless(password)) ? ["a URL with a password"] : []),
    ...(assigned.some((password) => !isHarmless(password)) ? ["a password"] : []),
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
