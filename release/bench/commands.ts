/** Commands of `bench`: by argv, in the bench's folder, bounded in time, in the environment that this program was given. */
import type { Context } from "../../backup/context.ts";
import { concealAddresses } from "../../backup/environment.ts";
import { type Command, type Ended, run } from "../../backup/process.ts";
import type { ReleaseJob } from "../job.ts";
import { BenchFailure, kindOf, read } from "./failure.ts";

/** For commands that do little: starting Python takes most of it. */
const shortSeconds = 120;
/** What is kept of a command's stdout; a migration's progress is endless. */
const kept = 64_000;

interface Options {
  readonly seconds?: number;
  /** File that it reads: answers to what it asks for. Never in argv, which all processes of a machine can see. */
  readonly input?: string;
  /** The whole environment. @default the one that this program was given */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program of the bench. */
interface Program extends Pick<Command, "argv" | "cwd"> {
  /** For a message. */
  readonly what: string;
}

/**
 * Runs a program of the bench; answers the ends of what it said.
 * @throws BenchFailure when it fails, is killed, or takes longer than `seconds`.
 */
export async function ran(
  { signal }: Context,
  { what, ...program }: Program,
  { seconds = shortSeconds, ...more }: Options = {},
): Promise<Pick<Ended, "stdout" | "stderr">> {
  concealAddresses();
  let stdout = "";
  const output = (chunk: Buffer) => (stdout = (stdout + chunk.toString("utf8")).slice(-kept));
  const ended = await run({ ...program, ...more, output, signal, seconds });
  if (ended.code === 0 && !ended.late) return { stdout, stderr: ended.stderr };
  throw new BenchFailure(what, kindOf(ended), ended.code, read(stdout, ended.stderr));
}

/** A command of `bench`, by its words. */
export const benchProgram = (job: ReleaseJob, words: readonly string[]): Program => ({
  what: named(words),
  argv: ["bench", ...words],
  cwd: job.bench.folder,
});

/** Runs one command of `bench`; answers the end of what it said on stdout. @throws BenchFailure */
export async function bench(
  context: Context,
  job: ReleaseJob,
  words: readonly string[],
  options?: Options,
): Promise<string> {
  return (await ran(context, benchProgram(job, words), options)).stdout;
}

/** A command for a message: its verb and its site, without further arguments. */
function named(argv: readonly string[]): string {
  const [first, site, verb] = argv;
  return first === "--site" ? `bench ${verb} of ${site}` : `bench ${first}`;
}

export const ofSite = (site: string, ...argv: readonly string[]) => ["--site", site, ...argv];

/**
 * Migrates one site. It sets no maintenance by itself, and a failed one must not be tried again in place: a patch that was half done would be
 * done twice (frappe-live §4). A patch that fails ends it: none is skipped.
 */
export async function migrate(context: Context, job: ReleaseJob, site: string): Promise<void> {
  // Its rebuilding of the search index is a job for workers that stand still now.
  await bench(context, job, ofSite(site, "migrate", "--skip-search-index"), { seconds: job.limits.migrate });
}

/** Forgets what redis_cache holds of a site. */
export async function clearCache(context: Context, job: ReleaseJob, site: string): Promise<void> {
  await bench(context, job, ofSite(site, "clear-cache"));
}

/** The switch that the site keeps in its database; `pause_scheduler` in its configuration is another (release/sites/flags.ts). */
export async function setScheduler(context: Context, job: ReleaseJob, site: string, on: boolean): Promise<void> {
  await bench(context, job, ofSite(site, on ? "enable-scheduler" : "disable-scheduler"));
}

/** Installs an app on a site that stands. Its exit code is no proof (frappe-live §1): look at the list of installed apps after it. */
export async function installApp(context: Context, job: ReleaseJob, site: string, app: string): Promise<void> {
  await bench(context, job, ofSite(site, "install-app", app), { seconds: job.limits.createSite });
}

/**
 * Calls a function of the site's code; answers what it printed of its result, undefined for nothing.
 * @param args plain values; never a secret, since they stand in argv.
 */
export async function execute(
  context: Context,
  job: ReleaseJob,
  site: string,
  method: string,
  args: readonly unknown[] = [],
): Promise<unknown> {
  const more = args.length === 0 ? [] : ["--args", literal(args)];
  const said = await bench(context, job, ofSite(site, "execute", method, ...more));
  const last = said.trim().split("\n").at(-1) ?? "";
  return last === "" ? undefined : (JSON.parse(last) as unknown);
}

/** A value in Python's own writing, which `bench execute` evaluates. */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number" || typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value)
      .map(([key, each]) => `${JSON.stringify(key)}: ${literal(each)}`)
      .join(", ")}}`;
  }
  throw new Error(`a ${typeof value} cannot be written for bench execute`);
}
