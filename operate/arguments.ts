/** What the commands are asked for. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { OperateError } from "./cluster.ts";

export interface RestoreArguments {
  readonly stack: string;
  readonly site: string | undefined;
  readonly list: boolean;
  readonly yes: boolean;
  /** Words for the program in the cluster. */
  readonly words: readonly string[];
}

export const usage = `usage: npm run restore -- <stack> --site <site> [--snapshot <id>] [--yes]
       npm run restore -- <stack> --list [--site <site>]
  <stack>              dev, staging, prod, or the path of a Pulumi.<stack>.yaml
  --site <site>        the site whose database and files are put back
  --snapshot <id>      which backup; left out, the newest verified one
  --list               only shows the backups that there are
  --allow-unverified   takes one that was never read back
  --force              goes on where the present state cannot be kept aside first
  --yes                asks nothing: for scripts`;

const options = {
  site: { type: "string" },
  snapshot: { type: "string" },
  list: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  "allow-unverified": { type: "boolean", default: false },
  force: { type: "boolean", default: false },
} as const;

/** @throws OperateError with the usage, where a word is none of the command's. */
export function readWords<T extends NonNullable<ParseArgsConfig["options"]>>(
  argv: readonly string[],
  options: T,
  usage: string,
) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new OperateError(`${(error as Error).message}\n${usage}`);
  }
}

export function parseRestore(argv: readonly string[]): RestoreArguments {
  const { values, positionals } = readWords(argv, options, usage);
  const [stack, ...more] = positionals;
  if (stack === undefined || more.length > 0) {
    throw new OperateError(`expected one stack, got ${positionals.join(", ") || "none"}\n${usage}`);
  }
  const { site, list, yes, snapshot } = values;
  if (!list && site === undefined) {
    throw new OperateError(`expected --site\n${usage}`);
  }
  if (snapshot !== undefined && !/^([0-9a-f]{8,64}|latest)$/.test(snapshot)) {
    throw new OperateError(
      `expected a snapshot's id of at least 8 hexadecimal digits, got ${JSON.stringify(snapshot)}; --list shows them`,
    );
  }
  const ofSite = site === undefined ? [] : ["--site", site];
  const flags = (["allow-unverified", "force"] as const).filter((flag) => values[flag]).map((flag) => `--${flag}`);
  const words = list ? ["list", ...ofSite] : ["restore", ...ofSite, "--snapshot", snapshot ?? "latest", ...flags];
  return { stack, site, list, yes, words };
}
