/** restic, run and understood: by its exit codes (0.17 and newer) and by its words (older ones end with 1 for everything). */
import { cacheOf, type Context, childEnvironment } from "./context.ts";
import { type Command, type Ended, run, wordsOf } from "./process.ts";

export type Trouble = "absent" | "locked" | "password" | "full" | "late" | "other";

const codes: Readonly<Record<number, Trouble>> = { 10: "absent", 11: "locked", 12: "password" };
const words: readonly (readonly [RegExp, Trouble])[] = [
  [/wrong password or no key found/i, "password"],
  [/unable to create lock|repository is already locked|already locked by/i, "locked"],
  [/no space left on device|disk quota exceeded/i, "full"],
  [
    /config file.*(?:key does not exist|bucket does not exist|no such file or directory|NoSuchKey|NoSuchBucket)/i,
    "absent",
  ],
  [/repository does not exist/i, "absent"],
];
const causes: Readonly<Record<Trouble, string>> = {
  absent: "there is no repository",
  locked: "the repository is locked by another process",
  password: "the password does not open the repository (put back the one that it was made with)",
  full: "no space is left",
  late: "the repository cannot be reached in time",
  other: "restic failed",
};

/** What went wrong; undefined when nothing did. */
export function troubleOf(ended: Ended): Trouble | undefined {
  if (ended.code === 0) return undefined;
  if (ended.late) return "late";
  return codes[ended.code ?? -1] ?? words.find(([pattern]) => pattern.test(ended.stderr))?.[1] ?? "other";
}

export const explain = (what: string, ended: Ended): string =>
  `${what}: ${causes[troubleOf(ended) ?? "other"]} (restic ${wordsOf(ended)})`;

type Options = Partial<Pick<Command, "output" | "seconds">>;

/** Runs restic on the job's repository; its failure is an answer. */
export function restic(context: Context, args: readonly string[], options: Options = {}): Promise<Ended> {
  const { job, signal } = context;
  const region = job.region === undefined ? [] : ["-o", `s3.region=${job.region}`];
  const repository = ["--repo", job.repository, "--password-file", job.passwordFile, "--cache-dir", cacheOf(job)];
  const env = childEnvironment(context, {
    AWS_SHARED_CREDENTIALS_FILE: job.s3CredentialsFile,
    AWS_DEFAULT_REGION: job.region,
  });
  return run({ argv: ["restic", ...repository, ...region, ...args], env, signal, ...options });
}

/** The same, where only success will do: answers what it wrote. */
export async function mustRestic(
  context: Context,
  what: string,
  args: readonly string[],
  options: Options = {},
): Promise<string> {
  const ended = await restic(context, args, options);
  if (ended.code !== 0) throw new Error(explain(what, ended));
  return ended.stdout;
}
