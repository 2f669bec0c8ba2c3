// Finds the real programs that judge what we render, and installs them where that is possible (Debian, as root).
// A missing program is an error that names the package: a test that cannot run must fail, never pass in silence.
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync } from "node:fs";
import path from "node:path";
import { installPackages } from "./tools-install.ts";

/** Debian package of each program that a judge needs. */
const packages = {
  amtool: "prometheus-alertmanager",
  initdb: "postgresql",
  ip: "iproute2",
  mariadb: "mariadb-client-core",
  "mariadb-install-db": "mariadb-server-core",
  mariadbd: "mariadb-server-core",
  nginx: "nginx",
  nsenter: "util-linux",
  openssl: "openssl",
  pg_isready: "postgresql-client",
  postgres: "postgresql",
  prometheus: "prometheus",
  promtool: "prometheus",
  psql: "postgresql-client",
  "redis-cli": "redis-tools",
  "redis-server": "redis-server",
  restic: "restic",
  shellcheck: "shellcheck",
  unshare: "util-linux",
} as const;

export type ToolName = keyof typeof packages;

const found = new Map<ToolName, string>();

/** Absolute path of the program; installs its Debian package when it is missing; throws with the remedy otherwise. */
export function requireTool(name: ToolName): string {
  const known = found.get(name);
  if (known !== undefined) return known;
  let program = findTool(name);
  if (program === undefined) {
    installPackages([packages[name]], `${name} is missing`);
    program = findTool(name);
  }
  if (program === undefined) {
    throw new Error(`${name} is still missing after the package ${packages[name]} was installed; install it by hand`);
  }
  found.set(name, program);
  return program;
}

/** Installs everything that is missing among the names in one go, and returns their paths. */
export function requireTools<Name extends ToolName>(...names: Name[]): Record<Name, string> {
  const missing = names.filter((name) => findTool(name) === undefined);
  if (missing.length > 0) {
    installPackages([...new Set(missing.map((name) => packages[name]))], `${missing.join(", ")} missing`);
  }
  return Object.fromEntries(names.map((name) => [name, requireTool(name)])) as Record<Name, string>;
}

/** The program in the places where Debian keeps server programs, or on PATH; undefined when it is nowhere. */
export function findTool(name: string): string | undefined {
  const at = (folder: string) => path.join(folder, name);
  // On PATH, Debian has a wrapper in Perl of each of Postgres' clients, which takes ten times as long to start.
  const candidates = [...postgresPlaces().map(at), ...onPath(name), ...serverPlaces.map(at)];
  return candidates.find(isExecutable);
}

function onPath(name: string): string[] {
  try {
    const answer = execFileSync("/bin/sh", ["-c", 'command -v "$1"', "sh", name], {
      encoding: "utf8",
      timeout: 10_000,
    });
    return [answer.trim()].filter((line) => line.startsWith("/"));
  } catch {
    return [];
  }
}

const serverPlaces = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

function postgresPlaces(): string[] {
  const postgres = "/usr/lib/postgresql";
  const versions = list(postgres).sort((left, right) => Number(right) - Number(left));
  return versions.map((version) => path.join(postgres, version, "bin"));
}

/** The folder of an engine's clients, for a job's `tools`; nothing where any of them on PATH will do. */
export const clientsOf = (engine: "mariadb" | "postgres"): { readonly tools?: string } =>
  engine === "postgres" ? { tools: path.dirname(requireTool("psql")) } : {};

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What shellcheck finds in a script that is run by `sh` with -e and -u; "" where that is nothing. */
export function shellcheck(script: string): string {
  const { stdout, status, error } = spawnSync(requireTool("shellcheck"), ["--shell=sh", "--severity=style", "-"], {
    input: `set -eu\n${script}`,
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  return status === 0 ? stdout : stdout || `shellcheck ended with ${status}`;
}
