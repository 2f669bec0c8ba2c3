/** Checks of a release: what they are, what they run, and on which site. */
import { field, found, gone, type HostileCase } from "./case.ts";

const site = "books.example.net";
const bench = { kind: "bench", site, args: ["run-tests", "--app", "erpnext"] };
const script = { kind: "script", site, text: "import frappe" };
const disposable = { "sites[2].disposable": true };
const at = "release.checks.tests";

/** A check that is right but for one thing, on a site that may be written to. */
const wrong = (
  name: string,
  change: Readonly<Record<string, unknown>>,
  key: string,
  says: string,
  whole: object = bench,
): HostileCase => found(name, { ...disposable, [at]: { ...whole, ...change } }, `${at}${key}`, says);

const pin = { repository: "ghcr.io/example/erp-tests", tag: "v7", digest: `sha256:${"a".repeat(64)}` };
const image = { kind: "image", site, image: pin };
const ofImage = (name: string, change: Readonly<Record<string, unknown>>, key: string, says: string) =>
  wrong(`an image's check: ${name}`, change, key, says, image);

const images: readonly HostileCase[] = [
  found("an image's check on a site in use", { [at]: image }, `${at}.site`, "what a browser does stays there"),
  found(
    "an image's check on an archived site",
    { ...disposable, "sites[2].state": "archived", [at]: image },
    `${at}.site`,
    "expected an active site",
  ),
  ofImage("no image", { image: undefined }, ".image", "missing"),
  ofImage("an image as one line", { image: "playwright:latest" }, ".image", "expected an object"),
  ofImage("the tag latest", { image: { ...pin, tag: "latest" } }, ".image.tag", "not latest"),
  ofImage("no digest", { image: { ...pin, digest: undefined } }, ".image.digest", "missing"),
  ofImage("a short digest", { image: { ...pin, digest: "sha256:ab" } }, ".image.digest", "64 hexadecimal digits"),
  ofImage("a bare repository", { image: { ...pin, repository: "playwright" } }, ".image.repository", "its registry"),
  ofImage("no word of a command", { command: [] }, ".command", "expected a program"),
  ofImage("a command as one line", { command: "npx playwright test" }, ".command", "expected a list"),
  ofImage("a secret in its command", { command: ["curl", "https://u:p@h/"] }, ".command[1]", "without a secret"),
  ofImage("root", { user: 0 }, ".user", "expected a whole number from 1"),
  ofImage("a variable in small letters", { env: { base: "x" } }, ".env.base", "expected a variable's name"),
  ofImage("a number for a variable", { env: { RETRIES: 2 } }, ".env.RETRIES", "write numbers"),
  ofImage("a password by its name", { env: { USER_PASSWORD: "x" } }, ".env.USER_PASSWORD", "looks like a secret"),
  ofImage("a password in an address", { env: { PROXY: "http://u:p@h" } }, ".env.PROXY", "looks like a secret"),
  ...["CHECK_URL", "BASE_URL", "CHECK_SITE", "CHECK_RELEASE"].map((name) =>
    ofImage(`${name} of its own`, { env: { [name]: "x" } }, `.env.${name}`, `remove ${name}`),
  ),
  ofImage(
    "51 variables",
    { env: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`V${i}`, "x"])) },
    ".env",
    "expected at most 50 variables",
  ),
  ofImage("a command's words", { args: ["run-tests"] }, ".args", "unknown key"),
  ofImage("little memory", { resources: { memory: "1Mi" } }, ".resources.memory", "16Mi"),
];

export const checks: readonly HostileCase[] = [
  ...field("release.checks", "expected an object", { "a list": [bench], "a word": "run-tests", null: null }),
  ...field("sites[2].disposable", "expected true or false", { "a word": "yes", null: null, one: 1 }),
  ...field(at, "expected", { "a command alone": ["run-tests"], "a line": "bench run-tests", null: null }),
  found("a check's name in capitals", { 'release.checks["Tests"]': script }, "release.checks.Tests", "lower-case"),
  found(
    "a check's name that leads elsewhere",
    { 'release.checks["../job"]': script },
    'release.checks["../job"]',
    "lower-case",
  ),
  found(
    "a check's name of 31 characters",
    { [`release.checks.${"a".repeat(31)}`]: script },
    `release.checks.${"a".repeat(31)}`,
    "at most 30",
  ),
  found(
    "21 checks",
    { "release.checks": Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`c${i}`, script])) },
    "release.checks",
    "expected at most 20 checks",
  ),
  wrong("a check of an unheard-of kind", { kind: "browser" }, ".kind", "expected kind bench, script or image"),
  wrong("a check of no kind", { kind: undefined }, ".kind", "expected kind bench, script or image"),
  wrong("a check without a site", { site: undefined }, ".site", "missing"),
  wrong("a check on all sites", { site: "all" }, ".site", "expected"),
  wrong("a check on an undeclared site", { site: "book.example.net" }, ".site", `did you mean ${site}?`),
  wrong("a check on a site's domain", { site: "www.erp.example.com" }, ".site", "expected the name of a declared site"),
  found(
    "a script on an archived site",
    { "sites[2].state": "archived", [at]: script },
    `${at}.site`,
    "expected an active site",
  ),
  found("a command on a site in use", { [at]: bench }, `${at}.site`, "expected a site with disposable: true"),
  found(
    "a command on a site that says it is in use",
    { "sites[2].disposable": false, [at]: bench },
    `${at}.site`,
    "expected a site with disposable: true",
  ),
  wrong("tests of an app that the site lacks", { args: ["run-tests", "--app", "hrms"] }, ".args[2]", "got hrms"),
  wrong("the same with a sign between", { args: ["run-tests", "--app=hrms"] }, ".args[1]", "got hrms"),
  wrong("args: no words", { args: [] }, ".args", "expected a command of bench such as run-tests"),
  wrong("args: one line", { args: "run-tests --app erpnext" }, ".args", "expected a list"),
  wrong("args: a number", { args: [1] }, ".args[0]", "expected a word of the command"),
  wrong("args: a site first", { args: ["--site", "erp.example.com"] }, ".args[0]", "under site instead of --site"),
  ...["-v", "run tests", "RUN-TESTS", "$(id)", "../run"].map((word) =>
    wrong(`args: ${JSON.stringify(word)} for a command`, { args: [word] }, ".args[0]", "expected a command of bench"),
  ),
  ...["drop-site", "migrate", "set-config", "restore", "console", "new-site"].map((word) =>
    wrong(`args: ${word}`, { args: [word] }, ".args[0]", "expected a command that checks"),
  ),
  ...["--site", "--site=erp.example.com"].map((word) =>
    wrong(`args: another site by ${word}`, { args: ["doctor", word] }, ".args[1]", "under site instead of --site"),
  ),
  ...["a\nb", "a\0b", ""].map((word) =>
    wrong(`args: ${JSON.stringify(word)}`, { args: ["run-tests", word] }, ".args[1]", "expected a word of the command"),
  ),
  wrong("args: 51 words", { args: Array.from({ length: 51 }, () => "execute") }, ".args", "expected at most 50 words"),
  wrong("a command with a script's text", { text: "pass" }, ".text", "unknown key"),
  wrong("a script with a command's words", { args: ["run-tests"] }, ".args", "unknown key", script),
  wrong("a script by a file's name", { file: "checks/roles.py" }, ".file", "unknown key", script),
  wrong("a script's text that is missing", { text: undefined }, ".text", "missing", script),
  ...Object.entries({ empty: "", blank: " \n\t", "no text": 1, "a zero byte": "a\0b", long: "x".repeat(16_001) }).map(
    ([name, text]) =>
      wrong(`a script's text: ${name}`, { text }, ".text", "expected the text of a Python script", script),
  ),
  ...Object.entries({ 4: 4, 7201: 7201, half: 5.5, "in quotes": "600", null: null }).map(([name, timeout]) =>
    wrong(`a check's timeout: ${name}`, { timeout }, ".timeout", "expected a whole number from 5 to 7200 seconds"),
  ),
  found(
    "a check without anything",
    { [`${at}.kind`]: gone, [at]: {} },
    `${at}.kind`,
    "expected kind bench, script or image",
  ),
  ...images,
];
