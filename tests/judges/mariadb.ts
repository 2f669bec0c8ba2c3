// Judges a rendered my.cnf by a real mariadbd that runs on it, unchanged, with a data directory of its own.
import { requireTools } from "../support/tools.ts";
import { type Program, type Sandbox, type SandboxOptions, withSandbox } from "./sandbox/sandbox.ts";

export interface MariadbOptions extends Omit<SandboxOptions, "files"> {
  /** The rendered configuration. */
  config: string;
  /** Where it stands, as in the pod. @default "/etc/mysql/conf.d/frappe.cnf" */
  path?: string;
  files?: SandboxOptions["files"];
  /** Folders that the pod may write. @default ["/tmp", "/run/mysqld", "/var/lib/mysql"] */
  writable?: readonly string[];
  /** @default "/var/lib/mysql" */
  dataDir?: string;
  /** Added to the command line, for what does not fit this machine. */
  arguments?: readonly string[];
}

export interface MariadbClient {
  /** Rows of a statement, as root over the socket. */
  query: (sql: string) => Promise<string[][]>;
  /** `SHOW GLOBAL VARIABLES`, by name. */
  variables: () => Promise<Map<string, string>>;
  server: Program;
  sandbox: Sandbox;
}

const socket = "/tmp/judge.sock";

/** Laid out as the images have it: user mysql, uid 999, data and run folders that it may write. */
function layout(options: MariadbOptions) {
  const { config, path = "/etc/mysql/conf.d/frappe.cnf", dataDir = "/var/lib/mysql" } = options;
  const tools = requireTools("mariadbd", "mariadb-install-db", "mariadb");
  const defaults = `--defaults-file=${path}`;
  const box: SandboxOptions = {
    user: { name: "mysql", uid: 999 },
    writable: ["/tmp", "/run/mysqld", dataDir],
    ...options,
    files: { ...options.files, [path]: config },
  };
  return { box, tools, defaults, dataDir, more: options.arguments ?? [] };
}

/** `mariadbd --help --verbose`: the values that it reads from the configuration, without starting; unknown names are an error. */
export async function readMariadb(
  options: MariadbOptions,
): Promise<{ ok: boolean; output: string; values: Map<string, string> }> {
  const { box, tools, defaults, dataDir, more } = layout(options);
  return withSandbox(box, async (sandbox) => {
    const argv = [tools.mariadbd, defaults, `--datadir=${dataDir}`, ...more, "--help", "--verbose"];
    const { code, stdout, stderr } = await sandbox.run(argv);
    const table = stdout.slice(stdout.lastIndexOf("\n--------"));
    const values = [...table.matchAll(/^([a-z][a-z0-9-]*) +(.*)$/gm)].map(
      ([, name = "", value = ""]) => [name.replaceAll("-", "_"), value.trim()] as const,
    );
    const complaints = stderr
      .split("\n")
      .filter((line) => /\[ERROR\]|unknown (variable|option)|deprecated/i.test(line));
    return {
      ok: code === 0 && complaints.length === 0,
      output: code === 0 ? complaints.join("\n") : stderr,
      values: new Map(values),
    };
  });
}

/** Makes a data directory, starts the server on the configuration, hands over a client, and ends everything. */
export async function withMariadb<Result>(
  options: MariadbOptions,
  use: (client: MariadbClient) => Promise<Result>,
): Promise<Result> {
  const { box, tools, defaults, dataDir, more } = layout(options);
  return withSandbox(box, async (sandbox) => {
    const install = [
      tools["mariadb-install-db"],
      "--no-defaults",
      `--datadir=${dataDir}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
    ];
    await sandbox.must(install, { timeoutMs: 120_000 });
    const argv = [
      tools.mariadbd,
      defaults,
      `--datadir=${dataDir}`,
      `--socket=${socket}`,
      `--plugin-dir=/usr/lib/mysql/plugin`,
      ...more,
    ];
    const server = await sandbox.start(argv, { ready: { socket }, deadlineMs: 120_000 });
    const query = async (sql: string) => {
      const client = [
        tools.mariadb,
        "--no-defaults",
        `--socket=${socket}`,
        "--user=root",
        "--batch",
        "--skip-column-names",
      ];
      const answer = await sandbox.must(client, { input: sql });
      return answer
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split("\t"));
    };
    const variables = async () =>
      new Map((await query("SHOW GLOBAL VARIABLES")).map(([name = "", value = ""]) => [name, value]));
    return use({ query, variables, server, sandbox });
  });
}
