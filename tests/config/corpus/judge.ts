/** Puts a hostile case to the parser, and judges the answer by what every answer owes its reader. */
import assert from "node:assert/strict";
import { parseConfig, type RawConfig } from "../../../config/parse.ts";
import { ConfigError, type Problem } from "../../../config/problems.ts";
import { readStackFile } from "../../support/stacks.ts";
import { put, type HostileCase } from "./case.ts";

const files = new Map<HostileCase["stack"], RawConfig>();

export function rawOf({ stack, set, secrets: { add = [], drop = [] } = {} }: HostileCase): RawConfig {
  const raw = files.get(stack) ?? readStackFile(stack);
  files.set(stack, raw);
  const values = structuredClone(raw.values);
  for (const [at, value] of Object.entries(set)) put(values, at, value);
  return { values, secrets: new Set([...raw.secrets, ...add].filter((key) => !drop.includes(key))) };
}

/** The problems that the parser finds, or none. */
export function problemsOf(raw: RawConfig): readonly Problem[] {
  const parsed = parseConfig(raw);
  return parsed.ok ? [] : parsed.problems;
}

/** Characters that end a line, turn its direction, or do not show. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/u;
/** What a sentence that helps begins or goes on with. */
const helpful =
  /expected|missing|unknown key; |did you mean|remove it|take |use |set it with|would never run|needs? |a secret has|covers no domain/;

/** One line, printable, of bounded length, and with what was expected or what to do. */
export function assertReadable({ path, message }: Problem): void {
  assert.ok(path.startsWith("frappe:"), `path is no key path: ${path}`);
  for (const text of [path, message]) {
    assert.doesNotMatch(text, unseen, `does not print: ${JSON.stringify(text)}`);
    assert.ok(text.length < 1200, `too long to read (${text.length}): ${text.slice(0, 200)}`);
  }
  assert.match(message, helpful, `no remedy: ${message}`);
  const ours = message.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  assert.doesNotMatch(ours, /Invalid|Too |\[object|undefined/, `not our words: ${message}`);
}

export function assertRefused(hostile: HostileCase): void {
  const problems = problemsOf(rawOf(hostile));
  assert.notEqual(problems.length, 0, "let through");
  problems.forEach(assertReadable);
  const there = problems.filter(({ path }) => path === hostile.path);
  const all = new ConfigError(hostile.stack, problems).message;
  assert.ok(there.length > 0, `no problem at ${hostile.path}: ${all}`);
  assert.ok(
    there.some(({ message }) => message.includes(hostile.says)),
    `nothing says "${hostile.says}": ${all}`,
  );
}
