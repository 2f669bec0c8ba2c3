/** What became of a command of `bench` that did not end well, told without what its rows and secrets are. */
import { clean } from "../../backup/log.ts";
import type { Ended } from "../../backup/process.ts";

/** exit: by a code of its own; killed: by a signal (out of memory, the node's end); late: by us, at its time limit. */
export type FailureKind = "exit" | "killed" | "late";

/** A command of `bench` that failed. */
export class BenchFailure extends Error {
  readonly kind: FailureKind;
  /** Its exit code, where it has one. */
  readonly code: number | null;
  readonly said: Said;

  constructor(what: string, kind: FailureKind, code: number | null, said: Said) {
    const how = { exit: `ended with ${code}`, killed: "was killed", late: "was ended at its time limit" }[kind];
    const words = [said.cause, said.where && `in ${said.where}`, said.during && `while it said: ${said.during}`];
    super(`${what} ${how}${words.some(Boolean) ? `: ${words.filter(Boolean).join("; ")}` : ""}`);
    this.kind = kind;
    this.code = code;
    this.said = said;
  }
}

/** What a command said of its end. */
export interface Said {
  /** The traceback's last line, or the last words where there is none. */
  readonly cause: string;
  /** File and line of the innermost frame. */
  readonly where: string;
  /** The last thing that it told on stdout: which app, which patch. */
  readonly during: string;
}

export const kindOf = ({ code, late }: Ended): FailureKind => (late ? "late" : code === null ? "killed" : "exit");

/** Longest line of a message; a document's name may be as long as its table lets it. */
const longest = 400;

/** A statement's text and values in it, and what the servers quote of rows: none of that belongs into a job's log. */
const quoted = [/'(?:[^'\\]|\\.|'')*'?/g, /"(?:[^"\\]|\\.)*"?/g, /\)=\(.*?\)/g];
const ofDatabase =
  /\b(?:pymysql|MySQLdb|psycopg2?|sqlite3)\b|\b(?:Operational|Integrity|Programming|Data|Internal)Error\b|^ERROR\b|^psql:/;
const statement =
  /\b(?:insert\s+into|update\s+\S+\s+set|delete\s+from|select\s.+\sfrom|values\s*\()|^(?:DETAIL|CONTEXT|LINE \d+):/i;

/** A line as it may be told: values of rows taken out, secrets concealed. */
export function tellable(line: string): string {
  if (statement.test(line)) return "(a statement)";
  const told = ofDatabase.test(line) ? quoted.reduce((text, part) => text.replaceAll(part, "…"), line) : line;
  return clean(told).slice(0, longest);
}

/** Of an output, the traceback's end: the exception is the first line after the frames; what follows may quote rows. */
export function read(stdout: string, stderr: string): Said {
  const lines = stderr.split("\n").map((line) => line.trimEnd());
  const from = lines.lastIndexOf("Traceback (most recent call last):");
  const rest = from === -1 ? [] : lines.slice(from + 1);
  const at = rest.findIndex((line) => line !== "" && !/^\s/.test(line));
  const frame = rest.slice(0, at === -1 ? undefined : at).findLast((line) => /^\s+File "/.test(line)) ?? "";
  const [, file = "", number = ""] = /File "(.*)", line (\d+)/.exec(frame) ?? [];
  const last = (text: readonly string[]) => text.findLast((line) => line.trim() !== "")?.trim() ?? "";
  const cause = at === -1 ? last(lines) : (rest[at] ?? "");
  return {
    cause: tellable(cause),
    where: file === "" ? "" : `${file.replace(/^.*\/apps\//, "apps/")}, line ${number}`,
    // Progress bars write one line over and over.
    during: tellable(last(stdout.split(/[\n\r]/))),
  };
}
