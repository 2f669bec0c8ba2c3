/** `npm run pin-images`: asks the registries what each pinned tag means today, and says where that differs from the pins. */
import path from "node:path";
import { parseArgs } from "node:util";
import { type Credentials, readCredentials } from "./credentials.ts";
import { recordResolved } from "./evidence.ts";
import { defaults, type Limits } from "./http.ts";
import { BadFile, type Pin, readPins, reference, rewrite } from "./pins.ts";
import { type Resolution, resolve } from "./registry.ts";
import { isMoved, type Row, summary, table } from "./table.ts";

export const usage = `npm run pin-images [-- <stack> … | --write]
  <stack> …  only what these stack files pin; without it, constants/images.ts and every stack file
  --write    put the digests that were resolved in place of the pinned ones
exit: 0 all as pinned (or written), 1 some moved, 2 some could not be resolved, or the command was wrong`;

export interface Setting {
  readonly root: string;
  readonly print: (text: string) => void;
  readonly credentials: Credentials;
  readonly limits: Limits;
  readonly today: string;
}

const setting: Setting = {
  root: path.resolve(import.meta.dirname, ".."),
  print: (text) => process.stdout.write(`${text}\n`),
  credentials: (registry) => readCredentials()(registry),
  limits: defaults,
  today: new Date().toISOString().slice(0, 10),
};

/** Runs the command and returns its exit code. */
export async function run(argv: readonly string[], overrides: Partial<Setting> = {}): Promise<number> {
  const { root, print, credentials, limits, today } = { ...setting, ...overrides };
  let writing: boolean;
  let pins: Pin[];
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { write: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
      allowPositionals: true,
    });
    if (values.help) {
      print(usage);
      return 0;
    }
    writing = values.write;
    pins = readPins(root, positionals);
  } catch (error) {
    if (!(error instanceof BadFile) && !(error instanceof TypeError)) throw error;
    print(`pin-images: ${error.message}\n\n${usage}`);
    return 2;
  }
  const rows = await resolveAll(pins, credentials, limits);
  print(table(rows));
  if (writing) write(root, rows, today, print);
  print(summary(rows, writing));
  if (rows.some(({ resolution }) => resolution.kind === "unresolved")) return 2;
  return !writing && rows.some(isMoved) ? 1 : 0;
}

/** One question per reference, however many files pin it: registries count our questions. */
async function resolveAll(pins: readonly Pin[], credentials: Credentials, limits: Limits): Promise<Row[]> {
  const questions = new Map<string, Promise<Resolution>>();
  for (const pin of pins) {
    const name = reference(pin);
    if (questions.has(name)) continue;
    questions.set(name, resolve(pin.repository, pin.tag, credentials, limits));
  }
  await Promise.all(questions.values());
  return Promise.all(pins.map(async (pin) => ({ ...pin, resolution: (await questions.get(reference(pin)))! })));
}

function write(root: string, rows: readonly Row[], today: string, print: Setting["print"]): void {
  const moved = new Map(
    rows.flatMap((row) =>
      isMoved(row) && row.resolution.kind === "resolved" ? [[reference(row), row.resolution.digest] as const] : [],
    ),
  );
  if (moved.size === 0) return;
  for (const file of rewrite(root, rows, moved)) print(`wrote ${file}`);
  recordResolved(root, moved, today);
}
