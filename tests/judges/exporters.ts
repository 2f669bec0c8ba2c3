// The programs behind the platform's images, built by Go from the modules that tests/judges/modules/<name> pins, for tests
// that ask what an exporter really exports. Go checks every module with go.sum; the results lie outside the tree.
// Not promtool: its module brings cloud SDKs, and did not compile within ten minutes on two busy cores. requireTool("promtool")
// gives Debian's, which is older than the Prometheus we ship and knows no newer function.
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { images } from "../../constants/images.ts";
import { environment } from "../../engine/environment.ts";
import { findTool } from "../support/tools.ts";

/** The image that ships each program. */
const shippedBy = {
  amtool: "alertmanager",
  blackbox_exporter: "blackboxExporter",
  mysqld_exporter: "mysqldExporter",
  "nginx-prometheus-exporter": "nginxExporter",
  node_exporter: "nodeExporter",
  postgres_exporter: "postgresExporter",
  redis_exporter: "redisExporter",
} as const satisfies Record<string, keyof typeof images>;

export type ExporterName = keyof typeof shippedBy;
export const exporterNames = Object.keys(shippedBy) as ExporterName[];

/**
 * Programs that are built from an older version than the image ships, because the public module proxy has not the shipped one:
 * both versions, so that a renewed pin fails a test until somebody has looked again, and what the difference means for series.
 */
export const standIns: Partial<Record<ExporterName, { shipped: string; built: string; differs: string }>> = {
  redis_exporter: {
    shipped: "v1.90.0",
    built: "v1.88.0",
    differs: "1.89 and 1.90 add series of newer servers and mend those of keyspaces (its release notes)",
  },
};

export interface PinnedProgram {
  /** Go's import path of the program. */
  readonly package: string;
  readonly module: string;
  /** The module's version, with its v. */
  readonly version: string;
}

const folderOf = (name: ExporterName) => path.join(import.meta.dirname, "modules", name);
const read = (name: ExporterName, file: string) => readFileSync(path.join(folderOf(name), file), "utf8");

/** What the program's own go.mod pins. */
export function pinnedProgram(name: ExporterName): PinnedProgram {
  const goMod = read(name, "go.mod");
  const program = /^tool (\S+)$/m.exec(goMod)?.[1] ?? "";
  for (const [, module = "", version = ""] of goMod.matchAll(/^\s+(\S+) (v\S+)(?: \/\/ indirect)?$/gm)) {
    if (`${program}/`.startsWith(`${module}/`)) return { package: program, module, version };
  }
  throw new Error(`tests/judges/modules/${name}/go.mod pins no module of its tool ${program}`);
}

/** The tag of the image that ships the program, as a version with its v. */
export const shippedVersion = (name: ExporterName): string => `v${images[shippedBy[name]].tag.replace(/^v/, "")}`;

/**
 * Absolute path of the program; the first call on a machine builds it (up to three minutes on a busy machine: give the test time), later
 * ones find it. Throws with Go's own words, or with the remedy where Go is missing.
 */
export function requireExporter(name: ExporterName): string {
  const hash = createHash("sha256")
    .update(read(name, "go.mod") + read(name, "go.sum"))
    .digest("hex");
  const folder = path.join(environment.cacheHome(), "exporters", `${pinnedProgram(name).version}-${hash.slice(0, 16)}`);
  const program = path.join(folder, name);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  // Beside its place and then moved in: a build that is killed leaves nothing that could be taken for the program.
  const draft = path.join(folder, `draft-${randomUUID()}`);
  process.stderr.write(`    ${name} is not built yet: compiling ${pinnedProgram(name).version} from its Go module\n`);
  try {
    build(name, draft);
    renameSync(draft, program);
  } finally {
    rmSync(draft, { force: true });
  }
  return program;
}

function build(name: ExporterName, output: string): void {
  const flags = ["-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", output];
  // The released programs are static too; and a workspace or a target of the caller's is none of our business.
  const env = environment.forChild({ CGO_ENABLED: "0", GOWORK: "off", GOOS: undefined, GOARCH: undefined });
  // Two test files may want it at once: the second to come finds the first one's work in Go's cache.
  const lock = ["flock", path.join(path.dirname(output), "lock")];
  go(["build", ...flags, pinnedProgram(name).package], { cwd: folderOf(name), env, lock });
}

/** What a built program says it was made from: Go writes it into each one, and no flag of ours can. */
export function builtFrom(program: string): PinnedProgram {
  const said = go(["version", "-m", program]);
  const [, name = ""] = /^\tpath\t(\S+)$/m.exec(said) ?? [];
  const [, module = "", version = ""] = /^\tmod\t(\S+)\t(\S+)/m.exec(said) ?? [];
  return { package: name, module, version };
}

interface GoOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A command line that runs the rest of it. */
  readonly lock?: readonly string[];
}

function go(args: readonly string[], { lock = [], ...options }: GoOptions = {}): string {
  const program = findTool("go");
  if (program === undefined) {
    throw new Error("go is missing: exporters are built from Go modules; install Go 1.26 (https://go.dev/dl)");
  }
  try {
    const limits = { timeout: 20 * 60_000, maxBuffer: 16 << 20 };
    const [first = program, ...rest] = [...lock, program, ...args];
    return execFileSync(first, rest, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...limits, ...options });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`go ${args[0]} failed: ${stderr?.trim().split("\n").slice(-8).join("\n") || String(error)}`, {
      cause: error,
    });
  }
}
