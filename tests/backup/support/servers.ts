// Real servers on loopback, each in a folder of its own: MariaDB, Postgres, and a store that speaks S3.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { environment } from "../../../engine/environment.ts";
import { requirePrograms } from "../../live/servers.ts";
import { freePort, type RunningServer, startServer } from "../../support/tools-server.ts";
import { requireTools } from "../../support/tools.ts";

/** Debian's nobody: database servers refuse root, and initdb a user without a name. */
const nobody = { uid: 65_534, gid: 65_534 };

export interface DatabaseServer {
  readonly engine: "mariadb" | "postgres";
  readonly port: number;
  /** Runs SQL as the server's administrator; answers its output. */
  sql: (sql: string, database?: string) => string;
  stop: () => Promise<void>;
}

function folderOf(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `${name}-`));
  chownSync(folder, nobody.uid, nobody.gid);
  return folder;
}

const mostOutput = 64 << 20;

/** Runs a program to its end; throws with its words. */
function must(argv: readonly string[], input?: string): string {
  const [program = "", ...rest] = argv;
  const { status, stdout, stderr, error } = spawnSync(program, rest, {
    ...nobody,
    cwd: "/",
    encoding: "utf8",
    input: input ?? "",
    maxBuffer: mostOutput,
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${argv.join(" ")}: ${error?.message ?? stderr.slice(-2_000)}`);
  return stdout;
}

const withFolder = (server: RunningServer, folder: string) => async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
};

/** @param laid gives the data folder, which is empty yet, a place of its own. */
export async function startMariadb(laid: (data: string) => void = () => undefined): Promise<DatabaseServer> {
  const tools = requireTools("mariadbd", "mariadb-install-db", "mariadb");
  requirePrograms({ "mariadb-dump": "mariadb-client" });
  const folder = folderOf("mariadb");
  const data = path.join(folder, "data");
  laid(data);
  const root = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"];
  // A data folder that lives for a minute is worth no wait for the disk; two servers that start at once share no /tmp.
  const brief = [`--tmpdir=${folder}`, "--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=0"];
  must([tools["mariadb-install-db"], "--no-defaults", `--datadir=${data}`, ...root, ...brief]);
  const socket = path.join(folder, "s");
  const settings = [`--socket=${socket}`, "--bind-address=127.0.0.1", "--skip-name-resolve"];
  const small = ["--innodb-buffer-pool-size=64M", "--max-allowed-packet=64M", "--event-scheduler=OFF"];
  const argv = [
    tools.mariadbd,
    "--no-defaults",
    `--datadir=${data}`,
    `--pid-file=${folder}/pid`,
    ...settings,
    ...small,
    ...brief,
  ];
  const start = async (tries: number): Promise<{ port: number; server: RunningServer }> => {
    const port = await freePort();
    const server = await startServer([...argv, `--port=${port}`], {
      ...nobody,
      ...{ cwd: folder, ready: { port }, deadlineMs: 60_000 },
    });
    for (const since = Date.now(); Date.now() - since < 10_000; await sleep(20)) {
      if (existsSync(socket)) return { port, server };
    }
    // Another process was quicker, and it was that one which listened: ours has ended.
    await server.stop();
    if (tries <= 1) throw new Error(`mariadbd makes no socket: it finds no port of its own (last was ${port})`);
    return start(tries - 1);
  };
  const { port, server } = await start(3);
  const client = [
    tools.mariadb,
    "--no-defaults",
    `--socket=${socket}`,
    "--user=root",
    "--batch",
    "--skip-column-names",
  ];
  const sql = (text: string, database = "mysql") =>
    must([...client, "--default-character-set=utf8mb4", database], text);
  return { engine: "mariadb", port, sql, stop: withFolder(server, folder) };
}

export async function startPostgres(): Promise<DatabaseServer> {
  const tools = requireTools("postgres", "initdb", "psql", "pg_isready");
  requirePrograms({ pg_dump: "postgresql-client" });
  const folder = folderOf("postgres");
  const data = path.join(folder, "data");
  must([
    tools.initdb,
    "-D",
    data,
    "-U",
    "postgres",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
  ]);
  const port = await freePort();
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, "fsync=off"];
  const argv = [tools.postgres, "-D", data, ...settings.flatMap((each) => ["-c", each])];
  const server = await startServer(argv, { ...nobody, cwd: folder, ready: { port }, deadlineMs: 60_000 });
  // It listens before it lets anybody in.
  const answers = () => spawnSync(tools.pg_isready, ["-q", "-h", folder, "-p", String(port)]).status === 0;
  for (const since = Date.now(); !answers() && Date.now() - since < 60_000;) await sleep(20);
  const sql = (text: string, database = "postgres") => {
    const target = ["-h", folder, "-p", String(port), "-U", "postgres", "-d", database];
    return must([tools.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", ...target], text);
  };
  return { engine: "postgres", port, sql, stop: withFolder(server, folder) };
}

export const startDatabase = { mariadb: () => startMariadb(), postgres: startPostgres } as const;

export interface Store {
  readonly port: number;
  stop: () => Promise<void>;
}

/** A store of its own that speaks S3 (moto), empty. */
export async function startStore(): Promise<Store> {
  const bin = path.join(motoFolder(), "bin");
  const port = await freePort();
  const argv = [path.join(bin, "python"), path.join(bin, "moto_server"), "-H", "127.0.0.1", "-p", String(port)];
  const server = await startServer(argv, { ready: { port }, deadlineMs: 60_000 });
  return { port, stop: () => server.stop() };
}

/** Under a lock, since two test files may want it at once; what a killed try left is made anew. */
const makeMoto = `
set -e
[ ! -e "$1/complete" ] || exit 0
rm -rf "$1"
python3 -m venv "$1"
"$1/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --no-deps --requirement "$2"
touch "$1/complete"
`;

/** The Python environment with moto at its pinned versions, made where there is none yet; kept outside the tree. */
function motoFolder(): string {
  const requirements = path.join(import.meta.dirname, "s3-requirements.txt");
  const version = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 16);
  const folder = path.join(environment.cacheHome(), `moto-${version}`);
  if (existsSync(path.join(folder, "complete"))) return folder;
  requirePrograms({ python3: "python3-venv" });
  mkdirSync(environment.cacheHome(), { recursive: true });
  const options = { encoding: "utf8" as const, timeout: 600_000 };
  execFileSync("flock", [`${folder}.lock`, "/bin/sh", "-c", makeMoto, "sh", folder, requirements], options);
  return folder;
}
