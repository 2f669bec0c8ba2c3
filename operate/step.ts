/**
 * One step of a release, seen from outside: submits the Job that does it, or finds the one that is there, and follows it. The work, and
 * the way back, are the Job's: it goes on when this process dies. Run by the stack's `command.local.Command` resources
 * (docs/adr/0013), whose inputs are release data and nothing secret.
 */
import type { Readable, Writable } from "node:stream";
import type { KubeConfig, V1CronJob, V1Job } from "@kubernetes/client-node";
import { labels } from "../constants/labels.ts";
import type { CheckOutcome } from "../constants/checks.ts";
import { type Checking, makeChecks, takeBackChecks, wordOf } from "./checks.ts";
import { connectTo, OperateError, type Cluster } from "./cluster.ts";
import { endOf, followJob, NotStartedError, type JobEnd } from "./follow.ts";
import { attachOrCreate, jobFrom, takeBack, templateIn } from "./job.ts";
import { patiently, usualPace, within, type Pace } from "./patience.ts";
import { refusal } from "./refusal.ts";
import { readStep, stepJobName, type StepInput } from "./step-input.ts";
import { shares, takeBackShares, type Shares } from "./shares.ts";
import { reached, stepLog, type Step, type StepLog } from "./step-log.ts";

export interface StepSetting {
  readonly kubeconfig: KubeConfig;
  readonly input: Readable;
  /** Where the one line of JSON goes. */
  readonly output: Writable;
  /** Where lines for people go. */
  readonly progress: Writable;
  /** Who asks, for the Job's annotation and the ledger. */
  readonly by: string;
  /** Ends the following; the Job goes on. */
  readonly signal: AbortSignal;
  readonly pace?: Pace;
}

/** Milliseconds that a release has to stay held before it counts: what came after stands further down in the same log. */
const settle = (pace: Pace): number => pace.poll;

interface Asked {
  readonly step: Step;
  readonly input: StepInput;
  /** Name of its Job. */
  readonly job: string;
  /** What the checks came to that it has asked for; undefined: it was not run before. */
  readonly checked?: readonly CheckOutcome[];
}

/** Words for the runner in the Job: the verb, whom the ledger shall name, and what the checks came to that it has asked for. */
export const stepWords = (step: Step, by: string, checked?: readonly CheckOutcome[]): string[] => [
  ...[step, "--by", by],
  ...(checked === undefined ? [] : ["--checked", wordOf(checked)]),
];

/** @throws OperateError where the template is another release's. */
function jobOf(cluster: Cluster, { step, input, job, checked }: Asked, found: V1CronJob, by: string): V1Job {
  const { release, template } = input;
  const stands = found.spec?.jobTemplate.metadata?.labels?.[labels.release];
  if (stands !== undefined && stands !== release) {
    throw new OperateError(
      `the CronJob ${template} in ${cluster.namespace} of ${cluster.context} is for the release ${stands}, not for ${release}: another \`pulumi up\` was here, or this is another cluster; nothing was started`,
    );
  }
  return jobFrom(found, job, stepWords(step, by, checked), by);
}

const show = (release: string) => `\`npm run releases -- <stack> show ${release}\` tells more`;
const again =
  "put the cause right and raise frappe:release.attempt, or put the stack file back to what stood before, and run `pulumi up`";

/** What stands in each state that a failed step may leave, and what to do about it. */
const standing: Readonly<Record<string, (release: string) => string>> = {
  aborted: () => `nothing of it stands, the sites are open and as they were; ${again}`,
  // With the strategy recreate the old set goes before the new one is tried.
  rolled_back: () => `every site was put back and is open, served by the old pods unless these are gone; ${again}`,
  needs_human: (release) =>
    `writes stay closed, and nothing was deleted: docs/operations.md, "A release that needs you"; ${show(release)}`,
  trial: () =>
    "nothing was migrated, writes are open and the old release serves; put the cause right and run `pulumi up` again, which goes on until the time of its trial (frappe:release.timeouts.hold) is up; then raise frappe:release.attempt, or put the stack file back",
  verified: () =>
    "the new release serves, nothing is put back; put the cause right and run `pulumi up` again, which goes on",
};

/** States in which no step of a release has done what was asked, however its Job ended. */
const back = ["aborting", "aborted", "rolling_back", "rolled_back", "needs_human"];

function remedy(step: Step, release: string, state: string | undefined): string {
  const known = standing[state ?? (step === "confirm" ? "verified" : "")];
  if (known !== undefined) {
    return known(release);
  }
  return step === "prepare" || step === "backup"
    ? "the release has changed nothing; put the cause right, and run `pulumi up` again"
    : `${show(release)}, and what state the sites are in; then ${again}`;
}

const logsOf = ({ namespace }: Cluster, job: string) => `kubectl -n ${namespace} logs -f job/${job}`;

/** The stack file's time for whatever has to be ready goes for a step's pod, too. */
function paced(pace: Pace, { readyTimeout }: StepInput): Pace {
  if (readyTimeout === undefined) return pace;
  const start = readyTimeout * 1_000;
  return { ...pace, start, hindered: Math.min(pace.hindered, start) };
}

const unheard = "it has asked for its checks again: another `pulumi up` may be at work on this release";

/** What was released before this was told is looked at. */
const mayBeShared = ({ gateway }: StepInput): boolean => gateway !== false;

interface Followed {
  readonly end: JobEnd;
  readonly log: StepLog;
  /** Why a canary may still have its share of the requests. */
  readonly stuck?: string;
}

async function follow(
  cluster: Cluster,
  asked: Asked,
  { want }: Shares,
  { by, progress, signal, pace: given = usualPace }: StepSetting,
): Promise<Followed> {
  const say = (line: string) => void progress.write(`${line}\n`);
  const { step, input, job } = asked;
  const pace = paced(given, input);
  const command = logsOf(cluster, job);
  // Not before verify: its Job may run, and want the share that stands.
  if ((step === "prepare" || step === "confirm") && mayBeShared(input)) {
    await takeBackShares(cluster, pace, say, signal);
  }
  for (;;) {
    const make = async () => {
      const template = await patiently(() => templateIn(cluster, input.template), pace, signal);
      return jobOf(cluster, asked, template, by);
    };
    const { job: there, found } = await attachOrCreate(cluster, job, make, pace, signal);
    const ended = found ? endOf(there) : undefined;
    say(
      found
        ? `${ended === undefined ? "following" : "already ended:"} the Job ${job}, which was there: ${command}`
        : `started the Job ${job}; it goes on without this command: ${command}`,
    );
    // It tells what the ledger said then, not what it says now. The runner reads the ledger: it does nothing twice, refuses what has failed
    // until the attempt is raised, and goes on where a pod was evicted or a way back got stuck.
    if (ended !== undefined) {
      const before = ended.end === "complete" ? "was done" : `failed (${ended.why ?? ""})`;
      say(
        asked.checked === undefined
          ? `${step} ${before} before; it is run again, and does what the ledger says is missing`
          : `${step} is run again, and hears what its checks came to`,
      );
      await takeBack(cluster, there, pace);
      continue;
    }
    const log = stepLog();
    const enough = () => {
      const held = step === "migrate" ? log.heldSince() : undefined;
      return held !== undefined && Date.now() - held >= settle(pace);
    };
    const onLine = (line: string) => {
      say(log.take(line));
      const weight = log.weight();
      if (weight !== undefined) want(weight);
    };
    const following = { onLine, pace, enough, signal };
    try {
      return { end: await followJob(cluster, job, following), log };
    } catch (error) {
      if (!(error instanceof NotStartedError)) throw error;
      if (!error.untouched) {
        throw new OperateError(
          `${error.message}; it has run before and will go on when it can: ${command}; ${show(input.release)}`,
        );
      }
      // Left there, it would begin at some other hour, when nobody looks. One that has begun meanwhile is followed on.
      if (await takeBack(cluster, error.job, pace)) {
        throw new OperateError(
          `${error.message}; nothing of it has run, and it was taken back; put the cause right and run \`pulumi up\` again`,
        );
      }
    }
  }
}

/** Its Job has failed then, with no error: who cannot read its log takes it for nothing better. */
const asksFor = ({ end, log }: Followed) =>
  end.end === "failed" && log.error() === undefined ? log.checks() : undefined;

function conclude(
  { namespace, context }: Cluster,
  { step, input, checked }: Asked,
  { end, log, stuck }: Followed,
  { output, progress }: StepSetting,
): number {
  const { release, clusterIdentifier } = input;
  const state = log.state();
  const more = checked !== undefined && asksFor({ end, log }) !== undefined ? unheard : undefined;
  const wentBack = state !== undefined && back.includes(state);
  if (end.end === "failed" || wentBack || stuck !== undefined) {
    const cause = log.error() ?? more ?? end.why ?? stuck ?? `the release is ${state ?? "in no known state"}`;
    const where = `${namespace} of ${clusterIdentifier ?? context}`;
    progress.write(`FAILED: ${step} of release ${release}, in ${where}: ${cause}\n`);
    progress.write(`${remedy(step, release, state)}\n`);
    if (stuck !== undefined && stuck !== cause) progress.write(`${stuck}\n`);
    return 1;
  }
  output.write(`${JSON.stringify({ release, step, state: state ?? reached[step] })}\n`);
  return 0;
}

/** Fails when the signal comes, with what there is to say then. */
const interrupted = (signal: AbortSignal, say: () => string) =>
  new Promise<never>((_, reject) => {
    const stop = () => reject(new OperateError(`interrupted; ${say()}`));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });

/** Milliseconds that an interrupted command takes at most to put the routes back. */
const lastWords = 15_000;

/** Runs one step and returns the exit code: 0 it is done, or held; 1 it failed. */
export async function runStep(argv: readonly string[], setting: StepSetting): Promise<number> {
  let left = "nothing was started";
  const { pace = usualPace, progress, signal } = setting;
  const stopped = interrupted(signal, () => left);
  stopped.catch(() => undefined);
  const say = (line: string) => void progress.write(`${line}\n`);
  let putBack = (): Promise<Stuck> => Promise.resolve({});
  const work = async () => {
    const { step, input } = await readStep(argv, setting.input);
    const job = stepJobName(input, step);
    const cluster = connectTo(input, setting.kubeconfig);
    left = `the Job ${job} goes on, if it was made: \`${logsOf(cluster, job)}\`; the next \`pulumi up\` follows it again`;
    const canary = shares(cluster, input.release, pace, say);
    let checking: Checking | undefined;
    const leftovers = async () => {
      if (checking !== undefined) await takeBackChecks(checking, checking.made);
      if (step === "verify" && mayBeShared(input)) await takeBackShares(cluster, pace, say);
    };
    putBack = () => declared(canary, leftovers, signal);
    // In prepare nothing is closed yet, and who may not list Jobs learns it there.
    if (step === "prepare" || step === "verify") await takeBackChecks({ cluster, pace, say });
    const first: Asked = { step, input, job };
    const once = await follow(cluster, first, canary, setting);
    const wanted = asksFor(once);
    let [asked, followed] = [first, once];
    if (wanted !== undefined) {
      left = "the next `pulumi up` makes its checks again; without one the release goes back at its deadline";
      checking = { cluster, input, pace: paced(pace, input), say, by: setting.by, signal, made: new Set() };
      asked = { ...first, checked: await makeChecks(checking, wanted) };
      followed = await follow(cluster, asked, canary, setting);
    }
    // Before anything is told to Pulumi, which moves the Service next.
    return conclude(cluster, asked, { ...followed, ...(await putBack()) }, setting);
  };
  try {
    return await Promise.race([work(), stopped]);
  } catch (error) {
    const { stuck } = await putBack();
    if (stuck !== undefined) say(stuck);
    throw error;
  }
}

type Stuck = Pick<Followed, "stuck">;

/**
 * Has every request go where it is declared to go. `stuck`: why it may not.
 * @param leftovers takes back what another follower of the same step has left, and was killed.
 */
async function declared(canary: Shares, leftovers: () => Promise<void>, signal: AbortSignal): Promise<Stuck> {
  const work = async () => {
    await canary.end();
    await leftovers();
  };
  try {
    await (signal.aborted ? within(lastWords, work()) : work());
    return {};
  } catch (error) {
    const told = refusal(error);
    if (told === undefined) throw error;
    return { stuck: told };
  }
}
