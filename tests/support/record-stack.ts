/** Committed stacks as the engine would be asked for them, and as Kubernetes would get them. */
import * as pulumi from "@pulumi/pulumi";
import { FrappeStack } from "../../components/stack.ts";
import type { SecretKey } from "../../config/secrets.ts";
import type { StackConfig } from "../../config/stack.ts";
import { planStack, type StackPlan } from "../../topology/plan.ts";
import type { Json, KubernetesObject } from "../judges/kubernetes-object.ts";
import { autoname, canary, record, reveal, type Recorded, type Recording } from "./record.ts";
import { readStackFile, stackConfig, type StackName } from "./stacks.ts";

/** Stands in for our programs, whose text no test of a plan is about. */
export const programs = {
  backup: "// the backup program\n",
  release: "// the release runner\n",
  reader: "// the ledger's reader\n",
  requests: "// the counter of requests\n",
};

type Change = Parameters<typeof stackConfig>[1];

/** The keys that a committed stack file holds encrypted. */
export const givenSecrets = (stack: StackName): SecretKey[] => [...readStackFile(stack).secrets] as SecretKey[];

export const planOf = (stack: StackName, change?: Change, more: readonly SecretKey[] = []): StackPlan =>
  planStack(stack, stackConfig(stack, change, more), new Set([...givenSecrets(stack), ...more]), programs);

/** The bench's rendered files, of every set, by name. */
export const benchFilesOf = ({ bench }: StackPlan): Readonly<Record<string, string>> =>
  Object.assign({}, ...bench.files.map(({ files }) => files)) as Readonly<Record<string, string>>;

export interface StackRecording extends Recording<FrappeStack> {
  readonly config: StackConfig;
  readonly plan: StackPlan;
  readonly objects: readonly KubernetesObject[];
}

/**
 * A committed stack, with `change` made to a copy of its raw values. Every secret that its file holds, and each of `more`, has
 * its canary for a value.
 */
export async function recordStack(
  stack: StackName,
  change?: Change,
  more: readonly SecretKey[] = [],
): Promise<StackRecording> {
  const plan = planOf(stack, change, more);
  const recording = await record(() => {
    const given = Object.fromEntries([...plan.given].map((key) => [key, pulumi.secret(canary(key))]));
    return new FrappeStack("frappe", { plan, given });
  }, stack);
  return {
    ...recording,
    plan,
    config: stackConfig(stack, change, more),
    objects: kubernetesObjects(recording.resources),
  };
}

const isObject = ({ type, custom }: Recorded) => custom && type.startsWith("kubernetes:");

/** The object that a resource stands for, as it would be sent: secrets in plain text, its name settled. */
export function kubernetesObject({ type, name, inputs }: Recorded): KubernetesObject {
  const { metadata, ...rest } = reveal(inputs) as Json & { metadata: object };
  return { ...rest, metadata: { name: autoname(type, name), ...metadata } } as unknown as KubernetesObject;
}

export const kubernetesResources = (resources: readonly Recorded[]): Recorded[] => resources.filter(isObject);
export const kubernetesObjects = (resources: readonly Recorded[]): KubernetesObject[] =>
  kubernetesResources(resources).map(kubernetesObject);
