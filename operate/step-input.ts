/** What a release step is told: which step by its arguments, what is released by JSON. */
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { limits } from "../constants/limits.ts";
import { readWords } from "./arguments.ts";
import { OperateError } from "./cluster.ts";
import { steps, type Step } from "./step-log.ts";

export const usage = `usage: node engine/start.mjs operate/step-cli.ts ${steps.join("|")} [--input <file>]
  what is released comes as JSON, from the file or stdin: release, attempt, template, namespace, gateway?, readyTimeout?, context?, clusterIdentifier?`;

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "expected lower-case letters, digits and dashes");

/** Strict, so that nothing else can come this way. */
const inputSchema = z.strictObject({
  release: name,
  attempt: z.int().min(1),
  /** Name of the suspended CronJob that the step's Job is made from. */
  template: name,
  namespace: name,
  /** Whether routes of a Gateway lead to the sites, which a canary may have a share of; left out: it is looked. */
  gateway: z.boolean().optional(),
  /** Seconds that the step's pod may take to start, its images included. */
  readyTimeout: z.int().min(1).optional(),
  context: z.string().optional(),
  /** Our name of the cluster, for messages. */
  clusterIdentifier: z.string().optional(),
});
export type StepInput = z.infer<typeof inputSchema>;

export function stepJobName({ release, attempt }: StepInput, step: Step): string {
  const job = `release-${release}-${step}-${attempt}`;
  if (job.length > limits.dnsLabel) {
    throw new OperateError(
      `expected a release id that leaves a Job's name at most ${limits.dnsLabel} characters, got ${job}`,
    );
  }
  return job;
}

/** @throws OperateError with everything that is wrong with it, and none of its values. */
export async function readStep(argv: readonly string[], input: Readable): Promise<{ step: Step; input: StepInput }> {
  const { values, positionals } = readWords(argv, { input: { type: "string" } }, usage);
  const step = steps.find((each) => each === positionals[0]);
  if (step === undefined || positionals.length > 1) {
    throw new OperateError(`expected one step, got ${positionals.join(", ") || "none"}\n${usage}`);
  }
  let given: unknown;
  try {
    given = JSON.parse(values.input === undefined ? await text(input) : readFileSync(values.input, "utf8"));
  } catch (error) {
    // What could not be read is not quoted: it may be something that was never meant to come here.
    const why = error instanceof SyntaxError ? "it is no JSON" : (error as Error).message;
    throw new OperateError(`could not read what is released from ${values.input ?? "stdin"}: ${why}\n${usage}`);
  }
  const parsed = inputSchema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "input"}: ${message}`);
    throw new OperateError(`${problems.join("\n")}\n${usage}`);
  }
  return { step, input: parsed.data };
}
