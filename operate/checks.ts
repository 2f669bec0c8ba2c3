/**
 * Checks that a step asks for, each in an image of its own: its Job is made from its template, followed to its end, and told in a few words.
 * What it is made for is one step; a Job that outlives whoever has made it is taken back by the next.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, type V1Job } from "@kubernetes/client-node";
import {
  type AskedCheck,
  checkComponent,
  checkTemplate,
  type CheckOutcome,
  longestProblem,
} from "../constants/checks.ts";
import { labels, partOf } from "../constants/labels.ts";
import { clusterMessage, OperateError, type Cluster } from "./cluster.ts";
import { endOf, followJob, JobGoneError } from "./follow.ts";
import { attachOrCreate, jobFrom, takeBack, templateIn } from "./job.ts";
import { patiently, type Pace } from "./patience.ts";
import type { StepInput } from "./step-input.ts";
import { clip } from "./step-log.ts";

/** Lines of one check that are handed on. */
const mostLines = 1000;

/** uids of Jobs. */
type Uids = ReadonlySet<string>;

export interface Checking {
  readonly cluster: Cluster;
  readonly input: StepInput;
  /** Who asks, for the Job's annotation. */
  readonly by: string;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Jobs that were made here; others may be at work for somebody else. */
  readonly made: Set<string>;
}

const ofChecks = `${labels.component}=${checkComponent},${labels.partOf}=${partOf}`;

/** Jobs of checks that have not ended: those whose pods are not there yet, and those that are going, too. */
async function unended({ batch, namespace }: Cluster, only: Uids | undefined): Promise<readonly V1Job[]> {
  const { items } = await batch.listNamespacedJob({ namespace, labelSelector: ofChecks });
  const ours = items.filter(({ metadata }) => only === undefined || only.has(metadata?.uid ?? ""));
  return ours.filter((job) => endOf(job) === undefined || isGoing(job));
}

/** Deleted, with pods that have not ended yet. */
const isGoing = ({ metadata }: V1Job): boolean => metadata?.deletionTimestamp !== undefined;

/** Times that is looked whether they have gone. */
const looks = 45;

/**
 * Takes back every check's Job that has not ended: whoever made it is gone, or has given it up. Waits until their pods have ended, for a
 * bounded time: on a node that is away they never do, and the release has to go on, or back. Their door asks the ledger itself.
 * @param only uids; left out, all of them
 */
export async function takeBackChecks(
  { cluster, pace, say }: Pick<Checking, "cluster" | "pace" | "say">,
  only?: Uids,
): Promise<void> {
  let jobs: readonly V1Job[] = [];
  for (let look = 1; look <= looks; look++) {
    jobs = await patiently(() => unended(cluster, only), pace);
    if (jobs.length === 0) return;
    for (const job of jobs.filter((each) => !isGoing(each))) {
      // One that has changed meanwhile is seen again.
      if (await takeBack(cluster, job, pace)) say(`took back the Job ${job.metadata?.name ?? ""} of a check`);
    }
    await sleep(pace.poll);
  }
  const names = jobs.map(({ metadata }) => metadata?.name ?? "").join(", ");
  const force = `kubectl -n ${cluster.namespace} delete pod -l ${ofChecks} --force --grace-period=0`;
  say(
    `WARNING: ${names}: deleted, and does not go, as where its node is away; not waited for any longer. Once that node is known to be down: \`${force}\``,
  );
}

const jobName = ({ release, attempt }: StepInput, { name }: AskedCheck) =>
  `${checkTemplate(name)}-${release}-${attempt}`;

/** @throws OperateError where the template is not there, or another release's. */
async function jobOf({ cluster, input, by, pace, signal }: Checking, check: AskedCheck): Promise<V1Job> {
  const template = await patiently(() => templateIn(cluster, checkTemplate(check.name)), pace, signal);
  const stands = template.spec?.jobTemplate.metadata?.labels?.[labels.release];
  if (stands !== input.release) {
    throw new OperateError(
      `expected the CronJob ${checkTemplate(check.name)} to be for the release ${input.release}, got one for ${stands ?? "none"}: another \`pulumi up\` was here`,
    );
  }
  return jobFrom(template, jobName(input, check), undefined, by);
}

/** Makes its Job anew, whatever an earlier try has left. */
async function start(checking: Checking, check: AskedCheck): Promise<string> {
  const { cluster, input, pace, signal } = checking;
  const name = jobName(input, check);
  for (;;) {
    const { job, found } = await attachOrCreate(cluster, name, () => jobOf(checking, check), pace, signal);
    if (!found) {
      checking.made.add(job.metadata?.uid ?? "");
      return name;
    }
    await takeBack(cluster, job, pace);
  }
}

/** Why it has failed; undefined: it is good. */
async function problemOf(checking: Checking, check: AskedCheck, onRun: () => void, ran: () => number) {
  const { cluster, pace, signal, say } = checking;
  const job = await start(checking, check);
  say(
    `check ${check.name}: started the Job ${job}, which has ${check.limit} s: kubectl -n ${cluster.namespace} logs -f job/${job}`,
  );
  let lines = 0;
  const onLine = (line: string) => {
    lines += 1;
    if (lines <= mostLines) say(`${check.name} | ${clip(line)}`);
    if (lines === mostLines) say(`${check.name} | … the rest is in the log of its Job`);
  };
  const enough = () => ran() > check.limit;
  const { end, why = "" } = await followJob(cluster, job, {
    ...{ onLine, onRun, pace, enough, signal },
    awaitsNode: true,
  });
  if (end === "left") return `it was ended at its time limit of ${check.limit} s`;
  return end === "failed" ? `its program failed: ${why}` : undefined;
}

const again = "the release was told nothing; run `pulumi up` again, which makes its checks anew";

/** What an error says about the check. @throws what says nothing: the signal's abortion, an API server that is away, another follower */
function problemIn(error: unknown): string {
  if (error instanceof JobGoneError) {
    throw new OperateError(`${error.message}, by a person or by another \`pulumi up\`; ${again}`, { cause: error });
  }
  if (error instanceof OperateError) return error.message;
  // A quota, or a webhook, that will refuse the next Job, too. Who is not known any more (401) could not tell the release either.
  const refused = error instanceof ApiException && [400, 403, 413, 422].includes(error.code);
  const told = refused ? clusterMessage(error) : undefined;
  if (told === undefined) throw error;
  return told;
}

/** @throws what is no answer about the check. */
async function outcomeOf(checking: Checking, check: AskedCheck): Promise<CheckOutcome> {
  const { say } = checking;
  let begun: number | undefined;
  const ran = () => (begun === undefined ? 0 : (performance.now() - begun) / 1_000);
  const onRun = () => void (begun ??= performance.now());
  let problem: string | undefined;
  try {
    problem = await problemOf(checking, check, onRun, ran);
  } catch (error) {
    problem = problemIn(error);
  }
  const seconds = Math.round(ran() * 10) / 10;
  // It may have ended, or may go on: the next one must not find it.
  if (problem !== undefined) await takeBackChecks(checking, checking.made);
  say(`check ${check.name} ${problem === undefined ? "is good" : `has failed: ${problem}`}`);
  return {
    name: check.name,
    ok: problem === undefined,
    seconds,
    ...(problem !== undefined && { problem: short(problem) }),
  };
}

const short = (problem: string): string => {
  const line = problem.replaceAll(/\s+/g, " ").trim();
  return line.length > longestProblem ? `${line.slice(0, longestProblem - 1)}…` : line;
};

/** Makes every check, one after the other. */
export async function makeChecks(checking: Checking, checks: readonly AskedCheck[]): Promise<readonly CheckOutcome[]> {
  const outcomes: CheckOutcome[] = [];
  for (const check of checks) outcomes.push(await outcomeOf(checking, check));
  return outcomes;
}

/** As one word of a command, in which Kubernetes would put variables in for `$(NAME)`. */
export const wordOf = (outcomes: readonly CheckOutcome[]): string =>
  JSON.stringify(outcomes).replaceAll("$", String.raw`\u0024`);
