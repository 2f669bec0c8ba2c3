/** `npm run releases -- <stack>`: what was released, is being released, and why it ended. It reads, and changes nothing. */
import type { Writable } from "node:stream";
import type { KubeConfig } from "@kubernetes/client-node";
import { readWords } from "./arguments.ts";
import { connect, OperateError } from "./cluster.ts";
import { attestText, proofOf } from "./attest.ts";
import { readLedger } from "./ledger-reader.ts";
import { releaseText, tableText } from "./releases-text.ts";
import { loadStack } from "./stack.ts";

export const usage = `usage: npm run releases -- <stack> [--json]
       npm run releases -- <stack> show <id> [--json]
       npm run releases -- <stack> attest <id> [--json]
  <stack>   dev, staging, prod, or the path of a Pulumi.<stack>.yaml
  attest    what production's frappe:release.proof asks for: that the release that stands here does so, and since when
  --json    what the ledger says, for programs`;

interface Setting {
  /** The project's folder. */
  readonly root: string;
  readonly kubeconfig: KubeConfig;
  readonly output: Writable;
}

interface Asked {
  readonly stack: string;
  readonly verb: string | undefined;
  readonly id: string | undefined;
  readonly json: boolean;
}

function asked(argv: readonly string[]): Asked {
  const { values, positionals } = readWords(argv, { json: { type: "boolean", default: false } }, usage);
  const [stack, verb, id, ...more] = positionals;
  const isList = verb === undefined;
  const isOne = (verb === "show" || verb === "attest") && id !== undefined && more.length === 0;
  if (stack === undefined || !(isList || isOne)) {
    throw new OperateError(
      `expected a stack, and \`show <id>\`, \`attest <id>\` or nothing, got ${positionals.join(" ") || "none"}\n${usage}`,
    );
  }
  return { stack, verb, id, json: values.json };
}

/** Runs the command and returns its exit code. */
export async function releases(argv: readonly string[], { root, kubeconfig, output }: Setting): Promise<number> {
  const { stack, verb, id, json } = asked(argv);
  const config = loadStack(stack, root);
  const cluster = connect(config, kubeconfig);
  const found = await readLedger(cluster, id);
  const [first] = found;
  if (id !== undefined && first?.id !== id) {
    const known = (await readLedger(cluster)).map((release) => release.id);
    throw new OperateError(`no release ${id} in the ledger; it has ${known.toReversed().join(", ") || "none"}`);
  }
  const stands = async () => (await readLedger(cluster)).findLast(({ state }) => state === "confirmed")?.id;
  const lines =
    first !== undefined && verb === "attest"
      ? attestText(proofOf(config, first, await stands()), json)
      : json
        ? [JSON.stringify({ releases: found }, undefined, 2)]
        : first !== undefined && id !== undefined
          ? releaseText(first)
          : tableText(found);
  output.write(`${lines.join("\n")}\n`);
  return 0;
}
