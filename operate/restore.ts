/**
 * `npm run restore -- <stack> --site <site>`: starts the restore that stands in the cluster as a template, and follows it. The work is
 * the Job's: it goes on when this command dies.
 */
import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import type { KubeConfig } from "@kubernetes/client-node";
import type { StackConfig } from "../config/stack.ts";
import { labels } from "../constants/labels.ts";
import { names } from "../topology/names.ts";
import { parseRestore, type RestoreArguments } from "./arguments.ts";
import { connect, OperateError, type Cluster } from "./cluster.ts";
import { followJob, NotStartedError, type Following } from "./follow.ts";
import { jobFrom, runningJobs, templateIn } from "./job.ts";
import { message } from "./messages.ts";
import { usualPace, type Pace } from "./patience.ts";
import { loadStack } from "./stack.ts";

export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
  /** Whether somebody can be asked. */
  readonly interactive: boolean;
}

interface Setting {
  /** The project's folder. */
  readonly root: string;
  readonly kubeconfig: KubeConfig;
  readonly terminal: Terminal;
  /** Who asks, for the Job's annotation. */
  readonly by: string;
  readonly now: Date;
  readonly pace?: Pace;
}

function siteOf({ sites }: StackConfig, name: string) {
  const site = sites.find((candidate) => candidate.name === name);
  if (site === undefined) {
    throw new OperateError(`no site ${name} in this stack; it has ${sites.map((each) => each.name).join(", ")}`);
  }
  return site;
}

/** Has the name typed, since what stands now is replaced. */
async function confirm({ input, output, interactive }: Terminal, asked: RestoreArguments, where: string) {
  if (asked.yes) {
    return;
  }
  const question = `This puts database and files of ${asked.site} back as they were, in ${where}.
What stands there now is backed up first; the site is in maintenance meanwhile.
Type the site's name to go on: `;
  if (!interactive) {
    throw new OperateError("nobody is here to be asked; say --yes");
  }
  const ask = createInterface({ input, output });
  // Ctrl-D is an answer, too.
  const gone = new Promise<string>((done) => ask.once("close", () => done("")));
  const answer = await Promise.race([ask.question(question), gone]);
  ask.close();
  if (answer.trim() !== asked.site) {
    throw new OperateError("not confirmed; nothing was changed");
  }
}

async function followed(cluster: Cluster, job: string, following: Following): Promise<boolean> {
  try {
    return (await followJob(cluster, job, following)).end === "complete";
  } catch (error) {
    if (!(error instanceof NotStartedError)) throw error;
    throw new OperateError(
      `${error.message}; it stays, and will run when it can: \`kubectl -n ${cluster.namespace} delete job ${job}\` takes it back`,
    );
  }
}

/** Runs the command and returns its exit code: 0 done, 1 the restore failed. */
export async function restore(argv: readonly string[], setting: Setting): Promise<number> {
  const { root, kubeconfig, terminal, by, now, pace = usualPace } = setting;
  const say = (line: string) => void terminal.output.write(`${line}\n`);
  const asked = parseRestore(argv);
  const config = loadStack(asked.stack, root);
  if (asked.site !== undefined) {
    siteOf(config, asked.site);
  }
  const cluster = connect(config, kubeconfig);
  const template = await templateIn(cluster, names.restore);
  if (!asked.list) {
    const busy = await runningJobs(cluster, labels.component, [names.backup, names.restore]);
    if (busy.length > 0) {
      throw new OperateError(
        `${busy.join(", ")} is running; wait for its end, since two would meet in one repository, or end it: \`kubectl -n ${cluster.namespace} delete job ${busy[0]}\``,
      );
    }
    await confirm(terminal, asked, `${cluster.namespace} of ${cluster.context}`);
  }
  const stamp = now
    .toISOString()
    .replaceAll(/[-:]|\..*/g, "")
    .toLowerCase();
  const name = `${asked.list ? "backups" : names.restore}-${stamp}`;
  await cluster.batch.createNamespacedJob({
    namespace: cluster.namespace,
    body: jobFrom(template, name, asked.words, by),
  });
  say(`started the Job ${name}; it goes on without this command: kubectl -n ${cluster.namespace} logs -f job/${name}`);
  const done = await followed(cluster, name, { onLine: (line) => say(message(line)), pace });
  say(done ? "done" : `FAILED: see above, and docs/operations.md, "A restore that failed"`);
  return done ? 0 : 1;
}
