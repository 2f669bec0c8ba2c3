/** What the preview command was asked for. */
export interface PreviewArguments {
  readonly stack: string;
  /** Whether to ask no cluster even where the official plugins are installed. */
  readonly offline: boolean;
  /** Whether to print the engine's JSON instead of a diff for people. */
  readonly json: boolean;
  /** Further flags for Pulumi itself. */
  readonly extra: readonly string[];
}

export class UsageError extends Error {}

export const usage = `usage: npm run preview -- <stack> [--offline] [--json] [-- <flags for pulumi preview>]
  <stack>     dev, staging, prod, or the path of a Pulumi.<stack>.yaml
  --offline   ask no cluster, even where Pulumi's provider plugins are installed
  --json      the engine's JSON instead of a diff`;

export function parseArguments(argv: readonly string[]): PreviewArguments {
  const split = argv.indexOf("--");
  const own = split < 0 ? argv : argv.slice(0, split);
  const extra = split < 0 ? [] : argv.slice(split + 1);
  const unknown = own.find((argument) => argument.startsWith("-") && !["--offline", "--json"].includes(argument));
  if (unknown !== undefined) {
    throw new UsageError(`unknown option ${unknown}; flags for Pulumi go behind a --\n${usage}`);
  }
  const [stack, ...more] = own.filter((argument) => !argument.startsWith("-"));
  if (stack === undefined || more.length > 0) {
    throw new UsageError(
      `expected one stack, got ${stack === undefined ? "none" : [stack, ...more].join(", ")}\n${usage}`,
    );
  }
  return { stack, offline: own.includes("--offline"), json: own.includes("--json"), extra };
}
