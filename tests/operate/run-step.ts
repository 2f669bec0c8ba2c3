/** Runs a release step against a Job that goes as a test says. */
import { PassThrough } from "node:stream";
import type { V1CronJob } from "@kubernetes/client-node";
import { labels } from "../../constants/labels.ts";
import { refusal } from "../../operate/refusal.ts";
import type { Step } from "../../operate/step-log.ts";
import { runStep } from "../../operate/step.ts";
import { kubeconfigOf } from "./api-server.ts";
import type { JobServer } from "./job-server.ts";

export const release = "0123456789";
const pace = { poll: 5, hindered: 60, start: 150, silence: 300, answer: 200 };

/** The suspended CronJob, with further labels on its Jobs. */
export const template = (change: object = {}): V1CronJob => ({
  metadata: { name: "release" },
  spec: {
    schedule: "0 0 1 1 *",
    suspend: true,
    jobTemplate: {
      metadata: { labels: { [labels.release]: release, ...change } },
      spec: {
        backoffLimit: 3,
        template: { spec: { containers: [{ name: "release", command: ["node", "/release/release.cjs", "verb"] }] } },
      },
    },
  },
});

/** A line of the runner. */
export const event = (name: string, fields: object = {}) =>
  JSON.stringify({ time: "2026-11-21T03:04:05.000Z", level: "info", event: name, ...fields });
export const held = event("held", { seconds: 600 });
export const jobName = (step: Step) => `release-${release}-${step}-1`;

export interface Outcome {
  /** Undefined where a person is told something else in place of it. */
  readonly code: number | undefined;
  readonly output: string;
  readonly progress: string;
  readonly refused: string | undefined;
}

/** What is released, with `change` made to it. */
export const input = (change: object = {}): string =>
  JSON.stringify({ release, attempt: 1, template: "release", namespace: "frappe", context: "staging", ...change });

interface Options {
  readonly given?: string;
  /** Called with all that was said so far. */
  readonly seen?: (progress: string) => void;
  readonly stop?: AbortController;
}

export async function run(
  server: JobServer,
  step: string,
  { given = input(), seen, stop = new AbortController() }: Options = {},
): Promise<Outcome> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let output = "";
  let progress = "";
  stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  stderr.on("data", (chunk: Buffer) => {
    progress += chunk.toString();
    seen?.(progress);
  });
  stdin.end(given);
  const kubeconfig = kubeconfigOf(server, "staging");
  const setting = {
    kubeconfig,
    input: stdin,
    output: stdout,
    progress: stderr,
    by: "ada",
    signal: stop.signal,
    pace,
  };
  try {
    return { code: await runStep([step], setting), output, progress, refused: undefined };
  } catch (error) {
    const refused = refusal(error);
    if (refused === undefined) throw error;
    return { code: undefined, output, progress, refused };
  }
}

/** The Job does this as soon as it is made, and ends well. */
export function does(server: JobServer, ...lines: string[]): void {
  server.onMade = () => {
    server.log(...lines);
    server.end("Complete");
  };
}
