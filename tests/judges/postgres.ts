// Judges rendered postgresql.conf and pg_hba.conf by a real server that runs on them, unchanged.
import { setTimeout as sleep } from "node:timers/promises";
import { requireTools } from "../support/tools.ts";
import { type Program, type Sandbox, type SandboxOptions, withSandbox } from "./sandbox/sandbox.ts";

export interface PostgresOptions extends Omit<SandboxOptions, "files"> {
  /** The rendered postgresql.conf. */
  config: string;
  /** Where it stands, as in the pod. @default "/etc/postgresql/postgresql.conf" */
  path?: string;
  /** The rendered pg_hba.conf and all else that the configuration reads, by absolute path. */
  files?: SandboxOptions["files"];
  /** Password of the user postgres. @default "judge" */
  password?: string;
  /** @default "/var/lib/postgresql/data/pgdata" */
  dataDir?: string;
  /** Folders that the pod may write. @default ["/tmp", "/var/run/postgresql", "/var/lib/postgresql/data"] */
  writable?: readonly string[];
  /** Added to the command line, for what does not fit this machine. */
  arguments?: readonly string[];
}

export interface PostgresLogin {
  /** @default "postgres" */
  user?: string;
  /** Tried with this password; without one when absent. */
  password?: string;
  /** An address for TCP. @default the socket */
  host?: string;
  /** @default "postgres" */
  database?: string;
}

export interface PostgresClient {
  /** Rows of a statement; an error with the server's words when it refuses. Without a login: as postgres, by its password. */
  query: (sql: string, login?: PostgresLogin) => Promise<string[][]>;
  /** `SHOW ALL`, by name. */
  settings: () => Promise<Map<string, string>>;
  server: Program;
  sandbox: Sandbox;
}

const port = 5432;
const columnEnd = "\u001f";

/** Makes a cluster as the images do (UTF-8, scram), starts the server, hands over a client, and ends everything. */
export async function withPostgres<Result>(
  options: PostgresOptions,
  use: (client: PostgresClient) => Promise<Result>,
): Promise<Result> {
  const {
    config,
    path = "/etc/postgresql/postgresql.conf",
    dataDir = "/var/lib/postgresql/data/pgdata",
    password = "judge",
  } = options;
  const tools = requireTools("postgres", "initdb", "psql", "pg_isready");
  const box: SandboxOptions = {
    user: { name: "postgres", uid: 999 },
    writable: ["/tmp", "/var/run/postgresql", "/var/lib/postgresql/data"],
    ...options,
    files: { ...options.files, [path]: config, "/run/judge/password": `${password}\n` },
  };
  return withSandbox(box, async (sandbox) => {
    const initdb = [
      tools.initdb,
      "-D",
      dataDir,
      "-U",
      "postgres",
      "--pwfile=/run/judge/password",
      "--encoding=UTF8",
      "--locale=C.UTF-8",
      "--auth=scram-sha-256",
    ];
    await sandbox.must(initdb, { timeoutMs: 120_000 });
    const argv = [tools.postgres, "-D", dataDir, "-c", `config_file=${path}`, ...(options.arguments ?? [])];
    const server = await sandbox.start(argv, { ready: { port }, deadlineMs: 60_000 });
    // It listens before it lets anybody in.
    const asked = [tools.pg_isready, "-q", "-h", "/var/run/postgresql"];
    for (const since = Date.now(); Date.now() - since < 60_000; await sleep(20)) {
      if ((await sandbox.run(asked)).code === 0) break;
    }
    const query = async (sql: string, login: PostgresLogin = { password }) => {
      const target = [
        "-h",
        login.host ?? "/var/run/postgresql",
        "-U",
        login.user ?? "postgres",
        "-d",
        login.database ?? "postgres",
      ];
      const psql = [tools.psql, ...target, "--no-psqlrc", "--no-password", "-v", "ON_ERROR_STOP=1", "-AtqF", columnEnd];
      const env = { PGCONNECT_TIMEOUT: "10", ...(login.password === undefined ? {} : { PGPASSWORD: login.password }) };
      const answer = await sandbox.must(psql, { input: sql, env });
      return answer
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(columnEnd));
    };
    const settings = async () => new Map((await query("SHOW ALL")).map(([name = "", value = ""]) => [name, value]));
    return use({ query, settings, server, sandbox });
  });
}
