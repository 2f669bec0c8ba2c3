/**
 * Reads a dump once and says what is in it: bytes, digest, whether it is whole, and the rows of each table.
 *
 * The rows are counted in the dump itself: a count asked of the server belongs to another moment, and a dump with one row per
 * statement takes several times as long to load.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

export interface DumpFacts {
  readonly bytes: number;
  readonly sha256: string;
  readonly complete: boolean;
  readonly tables: Readonly<Record<string, number>>;
}

/** Takes a dump's bytes in order. */
interface Scanner {
  take: (chunk: Buffer) => void;
  readonly tables: Map<string, number>;
  /** The last line that says anything. */
  last: () => string;
}

const newline = 0x0a;
/** What is looked at of one line: enough for any statement that counts, names and columns included. */
const mostOfLine = 1 << 16;

export async function scanDump(file: string, engine: "mariadb" | "postgres", trailer: string): Promise<DumpFacts> {
  const scanner = engine === "mariadb" ? mariadbScanner() : postgresScanner();
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
    scanner.take(chunk);
  }
  const complete = scanner.last().startsWith(trailer);
  return { bytes, sha256: hash.digest("hex"), complete, tables: Object.fromEntries(scanner.tables) };
}

/** SHA-256 of a file, in hex. */
export async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/** Collects lines from chunks; `line` is called with the head of each. */
function lines(line: (head: string) => void) {
  let head: Buffer[] = [];
  let size = 0;
  let last = "";
  const grow = (piece: Buffer) => {
    if (size < mostOfLine) head.push(piece.subarray(0, mostOfLine - size));
    size += piece.length;
  };
  const end = () => {
    const text = Buffer.concat(head).toString("utf8");
    head = [];
    size = 0;
    // Newer pg_dump puts an \unrestrict behind its trailer.
    if (text !== "" && text !== "--" && !text.startsWith("\\unrestrict ")) last = text;
    line(text);
  };
  return {
    grow,
    end,
    head: () => Buffer.concat(head),
    last: () => (size === 0 ? last : Buffer.concat(head).toString("utf8")),
    drop: () => {
      head = [];
      size = 0;
      last = "";
    },
  };
}

function postgresScanner(): Scanner {
  const tables = new Map<string, number>();
  const unquoted = (name: string) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name);
  let copying: string | undefined;
  const collected = lines((line) => {
    if (copying !== undefined) {
      if (line === "\\.") copying = undefined;
      else tables.set(copying, (tables.get(copying) ?? 0) + 1);
      return;
    }
    const [, table, source] =
      /^(?:CREATE (?:UNLOGGED )?TABLE|COPY) public\.("(?:[^"]|"")+"|\w+) (\(|.*FROM stdin;$)?/.exec(line) ?? [];
    if (table === undefined || source === undefined) return;
    if (line.startsWith("COPY ")) {
      if (line.endsWith(" FROM stdin;")) copying = unquoted(table);
    } else tables.set(unquoted(table), 0);
  });
  const take = (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      collected.grow(chunk.subarray(from, end));
      collected.end();
      from = end + 1;
    }
    collected.grow(chunk.subarray(from));
  };
  // A file that ends in a table's rows was cut, whatever the last of them says.
  return { take, tables, last: () => (copying === undefined ? collected.last() : "") };
}

const [quote, backslash, open, close, semicolon] = [0x27, 0x5c, 0x28, 0x29, 0x3b];

function mariadbScanner(): Scanner {
  const tables = new Map<string, number>();
  const unquoted = (name: string) => name.replaceAll("``", "`");
  let routine = false;
  let inserting: string | undefined;
  let depth = 0;
  let inString = false;
  let escaped = false;
  const collected = lines((line) => {
    // What a routine or trigger does is not what the dump does.
    if (line.startsWith("DELIMITER ")) routine = line !== "DELIMITER ;";
    const created = routine ? undefined : /^CREATE TABLE `((?:[^`]|``)+)` \(/.exec(line)?.[1];
    if (created !== undefined) tables.set(unquoted(created), 0);
  });
  /** Counts the tuples of an INSERT; answers where it ended, or the chunk's length. */
  const values = (chunk: Buffer, from: number, table: string): number => {
    let rows = 0;
    let at = from;
    for (; at < chunk.length && inserting !== undefined; at++) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
      } else if (byte === quote) inString = true;
      else if (byte === open && ++depth === 1) rows++;
      else if (byte === close) depth--;
      else if (byte === semicolon && depth === 0) inserting = undefined;
    }
    tables.set(table, (tables.get(table) ?? 0) + rows);
    return at;
  };
  /** Starts an INSERT where the line begins one; answers where its values begin. */
  const begin = (chunk: Buffer, from: number, end: number): number | undefined => {
    const before = collected.head().toString("latin1");
    const text = before + chunk.toString("latin1", from, Math.min(end, from + mostOfLine));
    const [whole, table] = /^INSERT INTO `((?:[^`]|``)+)` (?:\([^)]*\) )?VALUES/.exec(text) ?? [];
    if (routine || whole === undefined || table === undefined) return undefined;
    inserting = unquoted(Buffer.from(table, "latin1").toString("utf8"));
    collected.drop();
    return from + whole.length - before.length;
  };
  const take = (chunk: Buffer) => {
    let from = 0;
    while (from < chunk.length) {
      if (inserting !== undefined) {
        from = values(chunk, from, inserting);
        continue;
      }
      const found = chunk.indexOf(newline, from);
      const end = found < 0 ? chunk.length : found;
      const start = begin(chunk, from, end);
      if (start !== undefined) {
        from = start;
        continue;
      }
      collected.grow(chunk.subarray(from, end));
      if (found >= 0) collected.end();
      from = end + 1;
    }
  };
  return { take, tables, last: collected.last };
}
