/**
 * `npm run adopt -- <stack>`: after a stack was destroyed and its data was left, brings the keys that the data is closed with out of the
 * cluster into the stack file, so that the next `up` finds its data again and opens it. It changes nothing in the cluster.
 */
import type { Writable } from "node:stream";
import type { KubeConfig, V1Namespace, V1Secret } from "@kubernetes/client-node";
import { lastingSecrets, secretMeaning, type LastingSecret } from "../config/secrets.ts";
import type { StackConfig } from "../config/stack.ts";
import { labels } from "../constants/labels.ts";
import { lasting } from "../constants/lasting.ts";
import { findStackFile } from "../engine/stack-file.ts";
import { stackLabels, type Labels } from "../topology/labels.ts";
import { connect, ifThere, OperateError, type Cluster } from "./cluster.ts";
import { setSecret, stateOf, type Pulumi } from "./pulumi.ts";
import { loadStack } from "./stack.ts";

export const usage = `usage: npm run adopt -- <stack>
  <stack>   dev, staging, prod, or the path of a Pulumi.<stack>.yaml`;

interface Setting {
  readonly pulumi: Pulumi;
  readonly kubeconfig: KubeConfig;
  readonly output: Writable;
}

/** Labels that the namespace of this stack has; the environment's may have changed since. */
function ownLabels(stack: string, { environment }: StackConfig): Labels {
  const { [labels.environment]: _, ...own } = stackLabels({ stack, environment });
  return own;
}

async function namespaceIn({ core, namespace, context }: Cluster, own: Labels): Promise<V1Namespace> {
  const found = await ifThere(core.readNamespace({ name: namespace }));
  if (found === undefined) {
    throw new OperateError(`no namespace ${namespace} in ${context}: nothing was left there; \`pulumi up\` makes it`);
  }
  for (const [key, wanted] of Object.entries(own)) {
    const got = found.metadata?.labels?.[key];
    if (got !== wanted) {
      throw new OperateError(
        `the namespace ${namespace} of ${context} is not this stack's: expected the label ${key}=${wanted}, got ${got ?? "none"}; set frappe:platform.namespace or frappe:platform.context to where its data is, or use the stack's old name`,
      );
    }
  }
  if (found.metadata?.deletionTimestamp !== undefined) {
    throw new OperateError(
      `the namespace ${namespace} of ${context} is being deleted, and all in it; wait for its end`,
    );
  }
  return found;
}

interface Found {
  readonly value: string;
  /** Names of the Secrets that say so. */
  readonly secrets: readonly string[];
}

/** The one value of a key among the Secrets that were left; undefined where there is none. */
function foundIn(secrets: readonly V1Secret[], key: LastingSecret): Found | undefined {
  const { name, field } = lasting[key];
  const byValue = new Map<string, string[]>();
  for (const { metadata, data } of secrets) {
    const called = metadata?.name ?? "";
    const value = data?.[field];
    if (value !== undefined && new RegExp(`^${name}-[0-9a-f]{8}$`).test(called)) {
      byValue.set(value, [...(byValue.get(value) ?? []), called]);
    }
  }
  const [one, ...others] = byValue;
  if (others.length > 0) {
    throw new OperateError(
      `frappe:${key}: expected Secrets of one value, got ${[...byValue.values()].flat().join(", ")}, which differ; find out which one the data was closed with, and take the label ${labels.holdsData} off the others`,
    );
  }
  return one && { value: Buffer.from(one[0], "base64").toString("utf8"), secrets: one[1] };
}

/** What the state has of what would be adopted: then it was never forgotten. */
async function refuseKnown(pulumi: Pulumi, file: ReturnType<typeof findStackFile>): Promise<void> {
  const names = Object.values(lasting).map(({ name }): string => name);
  const known = (await stateOf(pulumi, file)).filter(
    ({ type, name }) =>
      type === "kubernetes:core/v1:Namespace" || (/:(Secret|RandomPassword)$/.test(type) && names.includes(name)),
  );
  if (known.length > 0) {
    const list = known.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`).join(", ");
    throw new OperateError(
      `nothing to adopt: the state of ${file.stack} has ${list}; \`pulumi up --stack ${file.stack}\` goes on with them`,
    );
  }
}

/** Runs the command and returns its exit code: 0 all was found, 1 something is missing. */
export async function adopt(argv: readonly string[], { pulumi, kubeconfig, output }: Setting): Promise<number> {
  const say = (line: string) => void output.write(`${line}\n`);
  const [wanted, ...more] = argv;
  if (wanted === undefined || wanted.startsWith("-") || more.length > 0) {
    throw new OperateError(`expected one stack, got ${argv.join(", ") || "none"}\n${usage}`);
  }
  const file = findStackFile(wanted, pulumi.root);
  const config = loadStack(wanted, pulumi.root, lastingSecrets);
  const cluster = connect(config, kubeconfig);
  const { namespace, context, core } = cluster;
  await namespaceIn(cluster, ownLabels(file.stack, config));
  const { items } = await core.listNamespacedSecret({ namespace, labelSelector: `${labels.holdsData}=true` });
  // An external server's password was never ours.
  const keys = lastingSecrets.filter((key) => key !== "databaseAdminPassword" || config.database.mode !== "external");
  const found = keys.map((key) => ({ key, left: foundIn(items, key) }));
  await refuseKnown(pulumi, file);
  for (const { key, left } of found) {
    if (left !== undefined) {
      await setSecret(pulumi, file, `frappe:${key}`, left.value);
      say(`taken    frappe:${key}, out of the Secret ${left.secrets.join(", ")}`);
    } else {
      say(
        `MISSING  frappe:${key}, the ${secretMeaning(key).split(";")[0]}: no Secret ${lasting[key].name}-… in ${namespace} of ${context}; if you kept it, \`pulumi config set --secret frappe:${key} --stack ${file.stack}\``,
      );
    }
  }
  say(`then go on, and leave adoptExisting out again afterwards:
  pulumi config set --path frappe:lifecycle.adoptExisting true --stack ${file.stack}
  pulumi up --stack ${file.stack} --policy-pack engine/policy-pack.mjs`);
  return found.every(({ left }) => left !== undefined) ? 0 : 1;
}
